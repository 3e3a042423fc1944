// Package disk gives a redis-server a disk that gets full: a small tmpfs.
//
//	d, err := disk.Mount(8 << 20)
//	defer d.Unmount()
//	s := redistest.Start(t, redistest.AOF("everysec"), redistest.Config("dir", d.Dir()))
//	err = d.Fill() // MISCONF for every write, XACK and XREADGROUP included
//	err = d.Free() // within a second the server writes again
//
// With appendfsync always the server exits instead, since it could not keep its word, and comes back when it is started again
// after Free.
//
// A limit on the size of files (RLIMIT_FSIZE) is no substitute: it hits one file instead of all, by a signal, and nothing can free
// anything. A mount needs root and the capability CAP_SYS_ADMIN; without them Mount's error wraps ErrUnavailable, and the tests
// here are skipped, as they are with containers that forbid it. What a process that was killed has left mounted, the next Mount
// removes.
package disk
