// Package preload puts small C libraries of ours between redis-server and the C library (LD_PRELOAD): test/faults/power keeps
// book of what was fsynced, test/faults/clock shifts the clock. It compiles them and writes the program that starts a server with
// them.
//
//	server, err := preload.Launcher(ctx, "redis-server", power.Library, clock.Library)
//	...
//	s := redistest.Start(t, redistest.Binary(server), redistest.AOF("always"))
//	power.Cut(s.Dir())
//
// What is built is kept in the user's cache folder by the hash of its source, so only the first start pays for the compiler
// ($CC, else cc). Servers that scripts/fetch-redis.sh has brought work too: they come with a C library of their own, which is newer
// than the machine's, and the libraries here use nothing newer than the machine's own. Linux only.
//
// The libraries keep what they know in hidden files of the server's folder: the one that holds its configuration file, which is
// the first argument, else what LEAT_FAULTS_DIR says.
package preload
