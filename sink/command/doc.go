// Package command is a handler that runs a program for each delivery, in any
// language: the event's data is its standard input, the attributes are in its
// environment, and its exit code is the verdict.
//
//	handle, err := command.New(command.Config{Command: []string{"./ingest.sh"}, Logger: logger})
//	if err != nil {
//		return err
//	}
//	c, err := consumer.New(conn, handle, consumer.Config{Group: "ingest", Streams: []string{"items"}})
//
// # What the program gets
//
// Standard input is the data, byte for byte. A program need not read it. An entry
// that is no CloudEvent comes as stream.Delivery.AsEvent makes one of it: its
// fields as a JSON object. The environment has, for the attributes that there
// are,
//
//	LEAT_ID  LEAT_SOURCE  LEAT_TYPE  LEAT_SUBJECT  LEAT_TIME (RFC 3339)
//	LEAT_DATACONTENTTYPE  LEAT_DATASCHEMA
//	LEAT_EXT_<NAME>  an extension, its name in capitals: LEAT_EXT_TRACEPARENT
//
// and always
//
//	LEAT_STREAM    the stream's key
//	LEAT_ENTRY_ID  the entry's ID in it
//	LEAT_ATTEMPT   1 plus the failures so far
//
// and beside these the worker's own environment, but for what is the worker's
// alone: every variable LEAT_*, and those that have, or look as if they had, the
// password of a Redis or Valkey server (REDIS_PASSWORD, REDISCLI_AUTH,
// REDIS_URL, any redis:// URL with a user). Config.KeepEnv names exceptions.
//
// # The verdict
//
//	0                          acknowledged
//	75 (EX_TEMPFAIL)           tried again
//	65 (EX_DATAERR)            dead letter at once
//	any other, or a signal     tried again
//	cannot be started          tried again; it may be in the middle of an update
//	attributes that cannot be  dead letter at once: a NUL byte, or more than the
//	in an environment          system takes (128 KiB each on Linux)
//
// What cannot be passed on is not shortened or mended: the program would work on
// another event than the one that was published.
//
// A program that was told to stop is tried again whatever its exit code: many
// end with 0 on SIGTERM, wherever they were.
//
// # How it ends
//
// On Unix each program leads a process group of its own. When the context ends
// (lease lost, timeout, shutdown) all of the group gets SIGTERM and, after
// Config.KillAfter, SIGKILL. When the program has ended by itself, what it left
// behind in its group is killed at once: nothing works on an entry after its
// verdict. A process that is to stay wants a session of its own (setsid).
//
// On Linux the program is killed when the worker dies, however it dies; its own
// children are not (they lose their pipes). Elsewhere a program may outlive a
// worker that is killed. On Windows there are neither groups nor SIGTERM: the
// program itself is ended, at once.
package command
