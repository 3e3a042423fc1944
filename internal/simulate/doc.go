// Package simulate runs the real producer and the real consumers against a model of
// Redis, over a simulated network, in simulated time, and breaks what it can: processes
// die, are cut off and told to stop, connections end at the worst moment, the server
// restarts with and without its last second, its clock jumps, its memory is full, the
// group is deleted under way. What happens is decided by a seed; the same seed gives
// the same history, so that what was found once can be looked at.
//
// Nothing in it is made simpler for the simulation but what the outside is made of: the
// connections' bytes are written and parsed by the code that does so in production,
// the scripts are those that Redis gets, run by the model (package embedded, which is
// compared with real servers by package agree), and time is testing/synctest's.
//
//	broker, err := embedded.NewSilent()
//	...
//	history := simulate.Run(t, broker, simulate.NewPlan(4711))
//	if len(history.Violations) > 0 {
//		t.Error(simulate.Shrink(t, broker, history))
//	}
//
// `go test ./internal/simulate -run TestSeeds -simulate.seeds 100000 -simulate.from 1`
// runs more of them, `-simulate.seed 4711 -v` shows one.
package simulate
