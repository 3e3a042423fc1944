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
// The listener and the plain data types (strings, hashes, sets, sorted sets,
// lists) are miniredis'. Streams, consumer groups, blocking reads, Lua
// scripts, transactions and the server's own commands are carried out here,
// with the semantics and error texts of Redis 7.0.15: miniredis has no CLIENT
// ID, UNBLOCK or COMMAND INFO, ignores XCLAIM's minimum idle time, puts NOACK
// reads on the pending list, reports the wrong lag and words the errors of
// scripts so that a client cannot classify them. All that is done through
// miniredis' pre-hook, which sees every command before miniredis does.
//
// One lock makes every command, script and transaction one step.
//
// # Known differences from Redis
//
// docs/embedded.md has them all with what each means for a user. In short:
// nothing is persisted or replicated (WAIT answers 0 at once); there is one
// database, no password, no TLS and no cluster; TTLs advance in steps of
// 100 ms; blocking list and sorted set commands, COPY, CONFIG SET, CLIENT KILL,
// functions and XINFO STREAM FULL are refused, commands newer than 7.0 are
// unknown; Lua shows numbers from 1e14 on with more digits than Redis' does
// and has no cmsgpack; a script that does not end is broken off by Close only;
// memory is not limited.
package embedded
