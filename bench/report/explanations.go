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
var explanations = map[pairing]string{}
