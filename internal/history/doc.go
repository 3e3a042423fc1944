// Package history is what processes write down while they are being broken, and the checker that reads it.
//
// Every process that takes part in a run (producers, workers, who breaks them) appends to a file of its own, outside of Redis.
// A record says when (the machine's monotonic clock, which all of its processes share), who, what (an [Op] and its [Outcome])
// and about which event and entry; for what a worker does the token, too, by which Redis knows who holds the entry. [Check]
// reads all of them, and what is in Redis in the end, and says what was promised and is not so.
//
//	w, err := history.Create(path)
//	...
//	w.Write(history.Record{At: history.Now(), Process: name, Op: history.Start, ID: d.ID, Entry: d.EntryID, Deliveries: d.Deliveries, Attempt: d.Attempt})
//
// # What is checked
//
//   - I1: what was published and acknowledged was handled, or is a dead letter, or is pending or unread; and nothing is pending
//     or unread in the end. What Redis itself lost is excused where the run has declared it ([Loss]), and counted.
//   - I2: each entry is in one state; no two tokens settled it for good, none is settled and a dead letter, or settled and
//     pending; at most one committed effect where exactly once is promised.
//   - I3: nobody settles an entry that has been given to somebody else since.
//   - I4: an entry is started again only for a reason (a failure, a death or a stall of its holder, a fault of Redis or of the
//     way to it), and never past the limits.
//   - I5: an event is stored once at the most for each time that it was sent, once in all where publishing is idempotent; and
//     not at all when its producer was told that it failed.
//   - I6: events of one key are handled one after the other.
//
// # The file
//
// A line is a record, and a line that is cut off at the end of the file is left out:
//
//	=worker-7                                          whose records follow
//	si 22860123456789 17a 1763776348123-45 1 1         a handler starts: event 17a, its entry, deliveries, attempt
//	fo 22860128456789 17a 1763776348123-45 1 1         it is done
//	to0 22860129000001 17a 1763776348123-45 1 1        its settlement holds, as [consumer.Outcome] 0: acked
//
// The first letter is the operation: p publish, s start, f finish, t settle, e effect, w spawn, k crash, z stop, c cont, m term,
// x exit, r fault. The second one is the outcome: i invoked, o ok, f failed, u unknown. Then come nanoseconds, event ID, entry ID,
// deliveries, attempt and a note; "-" is an empty one, those at the end may be missing. In event IDs, what is not a printable
// ASCII character, and "%", is written as %XX.
package history
