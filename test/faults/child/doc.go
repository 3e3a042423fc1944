// Package child is the processes that are broken: workers and producers, each a process of its own, and what they are told.
//
// A child is a program that finds a [Task] as JSON in the environment variable LEAT_FAULTS_CHILD, does it until SIGTERM, and
// appends what it does to a history file (package internal/history) of its own. The programs of test/faults start themselves as
// children: their main function calls [Main] before anything else.
//
// # A worker of another library
//
// Any program can take a worker's place (Task.Role "worker"):
//
//   - It connects to the Redis at "url", joins the consumer group "group" of the stream "stream" under the name "name", and
//     handles "concurrency" entries at a time. "lease" (nanoseconds, like all durations) is after what time an entry of a dead
//     worker has to be taken over.
//   - An entry is a CloudEvent in flat fields: "specversion", "id", "source", "type", and its data. What the handler has to do
//     is in the event's ID, see [Traits]: wait for "busy", then succeed; or fail, as often as the ID says; or kill itself.
//   - It appends to the file "history": "=name" in the first line, then "wo <ns>" (it begins), and of each delivery "si ..."
//     before the handler does anything, "fo ..." when it is done and before it is acknowledged, "ff ..." when it failed, "fu ..."
//     when it was interrupted; "to0 ..." when an acknowledgement holds, "to1 ..." when a retry does, "to2 ..." for a dead letter,
//     "to4 ..." when the entry turned out to be somebody else's; "xo <ns>" when it ends. Lines are written with one write(2) each,
//     so that nothing of them is lost when the process is killed; a settlement may be noted late or never. Times are
//     CLOCK_MONOTONIC. A library that has no count of deliveries or attempts writes 1.
//   - On SIGTERM it stops taking entries, finishes what it has, and exits with 0 within "shutdown".
//   - It should note when it was not run for a while ("zo <ns>" and "co <ns>"), or what a busy machine does to it is held against it.
//
// A producer (Task.Role "producer") adds events with the IDs that [Task.Event] makes, notes "po <ns> <id> <entry>" for what was
// acknowledged, "pf" for what certainly is not stored and "pu" for what may be, and ends on SIGTERM when it knows of all.
package child
