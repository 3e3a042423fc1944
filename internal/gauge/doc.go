// Package gauge is what `leat bench` does: it measures somebody's own Redis,
// through leat and, side by side in the same run, through the bare protocol, says
// what bounds it, and what to change.
//
//	report, err := gauge.Run(ctx, gauge.Config{Dial: dial, Duration: 30 * time.Second})
//	if err != nil {
//		return err
//	}
//	report.WriteText(os.Stdout)
//
// # What is measured
//
// A run has rounds. In each, every piece of work is done by leat and then by the
// bare protocol (in the next round the other way round), a fraction of a second
// each: publish, consume the backlog that came of it, publish and consume at once,
// publish and handle at a modest rate, PING. Both write and read the same entries,
// fields and all, so that the share of the bare protocol is what leat itself
// costs. Rates are medians over the rounds, the share is the median of the shares
// of the rounds: a noise that lasts longer than a round is in both halves of it.
//
// Beside each piece of work stands what it used: the server's processor time and
// bytes (INFO before and after), and this process' own (getrusage).
//
// # What it leaves behind
//
// Nothing. All keys have one prefix with a random part, in one hash slot; they are
// deleted at the end, after an interruption and after an error, and expire by
// themselves where the process was killed. Only where the server hung or the
// connection broke while events were on their way are the names taken by empty keys
// for ten seconds more, so that late events make no stream anew. The memory that
// is used at a time is bounded, by [Config.Memory] and by what the server has left;
// a replica is not written to.
//
// # What it says
//
// [Facts] are what was measured, [Advise] makes findings of them and of nothing
// else. Each [Finding] has the fact that led to it.
package gauge
