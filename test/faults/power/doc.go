// Package power takes the power from a redis-server: what survives is what was fsynced, and nothing else.
//
// SIGKILL is no power loss: what a dead process has written is in the kernel's memory and finds its way to the disk. So a small C
// library (test/faults/preload) goes between the server and its C library and writes down how much of every file was there when
// the last successful fsync of it began. Cut cuts the files down to that.
//
//	server, err := power.Launcher(ctx, "redis-server")
//	s := redistest.Start(t, redistest.Binary(server), redistest.AOF("everysec"))
//	publish(s)
//	s.Kill()
//	loss, err := power.Cut(s.Dir()) // the last second is gone
//	s.Restart()
//
// # What is modelled
//
// A file has as many bytes as it had when its last sync began. A file whose name was not known to the disk vanishes; its name is
// known when it was synced itself, or anything else was after it came. Renames and removals are undone unless any file or folder
// was synced afterwards; a file that replaced another one then comes back as the other one. A file that has replaced another one
// for good has its bytes, synced or not. So it is on ext4 as it usually is mounted. Elsewhere an empty file may be left: the nodes
// of a cluster of Redis 8.6 or Valkey 9.1 then forget who they are, since nodes.conf is not always synced before it is renamed.
//
// What was in the folder before the server first started was there. Redis calls fdatasync in the main thread, before it replies,
// for "always" and in a thread beside it for "everysec"; both are seen, and so are its forked children.
//
// It is the worst that may happen, not what usually does: kernels write back by themselves after 5 to 30 seconds, which may make
// more survive, above all with "no". Left out is what would be worse: a disk that lies about a flush, sectors that are torn or
// out of order. Bytes that are overwritten in place count as durable as soon as they were so once; Redis only appends and renames.
//
// Logs (*.log), sockets and hidden files are left as they are. The folder must be on one file system.
//
// # A disk that is slow
//
// Slow makes every fsync of a running server take longer. With everysec that alone is enough to lose what was acknowledged: while an
// fsync is under way, Redis and Valkey answer first and write later, up to 2 s later, so that SIGKILL takes it, no power loss.
//
//	power.Slow(s.Dir(), 5*time.Second)
//	power.Slow(s.Dir(), 0)
//
// # A tail that is torn
//
// Tear and Smear do what a disk does that stops in the middle of a sector: the last command of the AOF is there by half, or there
// is garbage behind it.
//
//	power.Tear(s.Dir(), 7)            // aof-load-truncated yes: the server drops that command and starts; no: it refuses
//	power.Smear(s.Dir(), []byte("x")) // it refuses either way: that is no truncated file
package power
