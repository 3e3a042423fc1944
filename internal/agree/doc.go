// Package agree shows that the model of Redis which simulations run on, the
// silent broker of internal/embedded, answers as a real server does: random
// sequences of commands are sent to both, reply by reply the same bytes have to
// come back, and at the end both have to hold the same.
//
//	lab, err := agree.Open(agree.Target{Addr: server.Addr(), Clock: clock})
//	if err != nil {
//		return err
//	}
//	defer lab.Close()
//	difference, err := lab.Try(agree.NewGenerator(seed, scripts))
//
// Sequences follow from their seed alone. A difference comes with its sequence,
// out of which Shrink takes whatever is not needed for it; what is left prints
// as lines for redis-cli.
//
// # Time
//
// A server whose clock stands still gives away nothing but what it was told:
// shim/clock.c, loaded into it, makes its time of day what a file says, and the
// model has the same clock. So entry IDs, idle times, minimum idle times and
// TTLs are compared to the millisecond, and clocks jump, back as well. A
// server that reads the processor's own counter (Valkey 9) cannot be held like
// that: there times are left out of the comparison, and nothing depends on them.
//
// # What is compared
//
// The model follows Redis 7.0.15, with which it has to agree in everything that
// is generated here, but for what the runner names as not comparable. With newer
// servers it may differ in what known.go lists with the reason: such a sequence
// ends there, since from then on both hold something else.
//
// The sequences: every stream command that leat uses with all its options and
// odd arguments, blocked reads and all that wakes them, strings, hashes, sorted
// sets, keys and their times, MULTI, scripts of every kind with leat's own among
// them, a full memory, RESP2 and RESP3, several clients.
package agree
