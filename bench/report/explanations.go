package report

import "github.com/leat-io/leat/bench/result"

// pairing is a kind of work and the contender that leat is compared with there.
type pairing struct {
	kind result.Kind
	peer string
}

// explanations say why leat is not ahead of a peer at a kind of work, for the
// section of the report that lists such rows; a row without one is listed as not
// explained. Only what was measured belongs here (a profile, a run with the
// suspected cause taken out), in a sentence that stays true when the figures of
// the next run differ a little.
var explanations = func() map[pairing]string {
	all := map[pairing]string{}
	for _, peer := range []string{"go-redis", "rueidis", "watermill-redisstream", "asynq", "redisqueue", "taskq", "leat, Reuse"} {
		all[pairing{result.Consume, peer}] = deliveriesStay
	}
	return all
}()

// deliveriesStay was measured with the row "leat, Reuse", and with GOGC of 100 and 400
// before there was Headroom (144 and 23 collections in 300,000 messages).
const deliveriesStay = "Deliveries stay valid for as long as a handler keeps them, which takes 1 KB each, and up to 16 MiB of garbage " +
	"(Config.Headroom) may wait so that Go's collector runs rarely; Config.Reuse does without both."
