// Mutations takes the mechanisms behind leat's promises out, one at a time, and looks
// whether the machines that are to notice do: the simulation (internal/simulate) and
// the processes that are killed and cut off (test/faults). A check that no sabotage
// turns red proves nothing.
//
//	go run ./test/mutations                      # all, on both machines; docs/reliability/mutations.json
//	go run ./test/mutations -only fence -machines simulation
//	go run ./test/mutations -list
//
// Nothing in the checkout is changed: the compiler is given the sabotaged file in
// place of the real one (go build -overlay).
package main
