// Package embedded is a Redis-like server inside the process, for `leat demo`
// and `--redis embedded:`. It listens on a free port of 127.0.0.1, so child
// processes can use it as well:
//
//	broker, err := embedded.Start(ctx)
//	if err != nil {
//		return err
//	}
//	defer broker.Close()
//	conn, err := stream.Dial(ctx, broker.URL())
//
// It carries out streams, consumer groups, blocking reads, strings, hashes,
// sorted sets, keys and their times, Lua scripts (gopher-lua), transactions and
// the server's own commands, with the semantics and error texts of Redis
// 7.0.15. The listener, lists, sets and rare commands are miniredis', which is
// lent what it works on (guest.go).
//
// One lock makes every command, script and transaction one step.
//
// # The model for simulations
//
// NewSilent makes a broker without network, goroutines and timers, and Open a
// client of it. What it answers follows from what it is sent and from the
// clock, so that it can be the Redis of a deterministic simulation: inside of
// testing/synctest, one bubble after the other, made new by Reset.
//
//	broker, err := embedded.NewSilent() // outside of all bubbles
//	...
//	broker.Reset()
//	session := broker.Open()
//	reply := session.Do([]string{"XADD", "orders", "*", "field", "value"}) // as Redis sends it
//
// SetMemoryFull, SetClockOffset and Snapshot with Restore are what may happen
// to a server: no memory left, a clock that is set, a restart that lost the
// latest data. internal/agree compares this model with real servers by random
// sequences of commands.
//
// # Known differences from Redis
//
// docs/embedded.md has them all with what each means for a user. In short:
// nothing is persisted or replicated (WAIT answers 0 at once); there is one
// database, no password, no TLS and no cluster; blocking list and sorted set
// commands, COPY, CONFIG SET, CLIENT KILL, functions and XINFO STREAM FULL are
// refused, commands newer than 7.0 are unknown; Lua has no cmsgpack, and words
// its own errors otherwise; a script that does not end is broken off by Close
// only, and not at all in a silent broker.
package embedded
