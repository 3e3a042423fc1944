// Command leat works Redis Streams off from the command line: a worker that
// hands entries to a webhook or a program, publishing, and what is needed to see
// and repair. `leat --help` lists the commands.
//
// This package is flags and wiring. Flags win over their environment variables
// (LEAT_ and the flag's name), which win over the older names STREAM, PRODUCER,
// REDIS_HOSTNAME and REDIS_PORT: see env.go. Exit codes: 0 done, 1 failed, 2 bad
// usage.
package main
