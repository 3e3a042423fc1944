// Package durability measures what is lost, by how durably events were published and by what happened to Redis.
//
// A round is one fault under load: a producer of leat publishes as fast as it can and writes down the ID of every entry whose
// storing was acknowledged to it; then the fault; then the server that is the master by now is read. What was acknowledged and is
// not there is lost. The rounds of a cell (a fault, a level, a size of events) differ by when the fault comes.
//
//	table, err := durability.Measure(ctx, durability.Options{Repetitions: 5})
//	table.WriteJSON(file)
//
// # What the columns say
//
// Acknowledged and Lost are entries. Window is how old the oldest lost entry was when the fault came. Throughput is what was
// acknowledged a second before anything was disturbed, and its Ratio is that to D0 in the same repetition, on the same
// kind and number of servers: it is the price of the level. Weak are entries that the master stored without being as durable as
// asked for: the publisher has an error for each (stream.ErrNotDurable) and they do not count as acknowledged.
//
// A cell that promises nothing lost and lost something is a finding: Table.Broken lists them.
package durability
