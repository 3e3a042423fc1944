// Package clock shifts the wall clock of a redis-server, forward or back, while it runs: what an operator does who sets a clock, or
// a machine that wakes up.
//
//	server, err := clock.Launcher(ctx, "redis-server")
//	s := redistest.Start(t, redistest.Binary(server))
//	err = clock.SetOffset(s.Dir(), time.Hour)  // every pending entry has been idle for an hour
//	err = clock.SetOffset(s.Dir(), -time.Hour) // and now it has not been idle at all
//
// A small C library (test/faults/preload) goes between the server and its C library and adds an offset, which it reads from a
// file that it has mapped, to what clock_gettime(CLOCK_REALTIME), gettimeofday and time say. The monotonic clock goes on as it is.
// Each server has an offset of its own, so the nodes of a cluster can disagree; a server keeps it when it is started again.
//
// What a jump does, seen on Redis 7.0 and 8.6 and on Valkey 9.1: ahead, every pending entry is old and a BLOCK comes back at once;
// behind, nothing is ever idle, a BLOCK does not come back until the clock has caught up, and appendfsync everysec does not fsync
// until then, so that a power loss takes all of that time instead of a second. IDs never go back.
//
// Other processes keep their clock. A worker in Go cannot be shifted this way: Go asks the kernel's vDSO itself, without the C
// library. A worker measures leases on its own monotonic clock and takes the time of an entry from the server, so the server's
// clock is the one that counts.
package clock
