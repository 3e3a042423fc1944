package report

// pairing is a measure, by its name in the table, and the contender that leat is
// compared with there; everybody, if that is empty.
type pairing struct{ measure, peer string }

// explanations say why leat is not ahead of a peer by a measure, for the section of
// the report that lists such rows; a row without one is listed as not explained, and
// one whose rounds do not agree on who is ahead is called level, whatever is written
// here. Only what was measured belongs here (a profile, a run with the suspected
// cause taken out), in a sentence that stays true when the figures of the next run
// differ a little. One for a peer comes before one for everybody.
var explanations = map[pairing]string{
	{"publish", goRedis}:             onePipeline,
	{"publish", rueidis}:             onePipeline,
	{"server CPU, publish", goRedis}: onePipeline,
	{"server CPU, publish", rueidis}: onePipeline,
	{"bytes allocated, publish", ""}: receiptsStay,
	{"latency p50", goRedis}:         handedOver,
	{"latency p50", rueidis}:         handedOver,

	{"consume", reusing}:              deliveriesStay,
	{"client CPU, consume", reusing}:  deliveriesStay,
	{"allocations, consume", reusing}: deliveriesStay,
	{"bytes allocated, consume", ""}:  deliveriesStay,
	{"peak memory", ""}:               deliveriesStay,
}

// onePipeline was measured with the plain clients kept to one pipeline of 500 at a time,
// interleaved with the four of the table, in 9 rounds on a busy machine: go-redis went
// from 167k to 126k a second, rueidis from 249k to 177k (leat: 215k), and the server's
// CPU time a message from 1.97 to 2.21 us and from 1.96 to 2.10 us (leat: 2.13 us).
const onePipeline = "Send has one pipeline of a stream on its way at a time, since events that Redis refused must not be passed by those of " +
	"the next one, and Redis waits a moment between two; this client has four, on several connections, and keeps no such order. " +
	"Kept to one at a time, it is slower and costs the server more CPU as well."

// receiptsStay was measured with the size of a receipt, and what Send allocates in all.
const receiptsStay = "Send gives a receipt for each event, which tells its ID and what became of it for as long as it is kept: 56 B, " +
	"most of what it allocates beside the memory of its pipelines."

// handedOver was measured by publishing one by one from one goroutine, 27,000 times in
// turns: half of the calls took up to 12.7 us with leat, 12.6 with go-redis, 11.4 with
// rueidis and with the bare protocol.
const handedOver = "Not the publishing: Publish takes 1 to 2 us longer than the bare protocol's XADD. leat's consumer reads in one " +
	"goroutine and handles in another, which this client's loop does not; how much of the difference that is has not been measured apart."

// reusing is leat with Config.Reuse, the only contender that does the same work with
// less.
const reusing = "leat, Reuse"

// deliveriesStay was measured with the row "leat, Reuse", and with GOGC of 100 and 400
// before there was Headroom (144 and 23 collections in 300,000 messages).
const deliveriesStay = "Deliveries stay valid for as long as a handler keeps them, which takes about 600 B each, and up to 16 MiB of garbage " +
	"(Config.Headroom) may wait so that Go's collector runs rarely; Config.Reuse does without both."
