package gauge

import (
	"fmt"
	"strings"
)

// Finding is something that the facts say.
type Finding struct {
	// ID names the kind of finding and does not change with its words.
	ID string `json:"id"`
	// Kind says how it is meant.
	Kind Kind `json:"kind"`
	// Works are the pieces of work that it is about; none where it is about all.
	Works []Work `json:"works,omitempty"`
	// Says is the finding, Because the facts that led to it, Change what to do about
	// it, the most useful first; nothing where there is nothing to do.
	Says    string   `json:"says"`
	Because string   `json:"because"`
	Change  []string `json:"change,omitempty"`
}

// Kind is how a finding is meant.
type Kind string

// The kinds of findings.
const (
	// Bound says what keeps a piece of work from being faster.
	Bound Kind = "bound"
	// Warning says that something is in danger, or that the figures are not what they
	// seem to be.
	Warning Kind = "warning"
	// Note says what is worth knowing.
	Note Kind = "note"
)

// From where on something counts.
const (
	// busy is the part of a processor from which on it is what bounds: the rest goes
	// to the gaps in which the other side is waited for.
	busy = 0.85
	// carried is the part of what one connection carries from which on that is what
	// bounds. The measurement of it is rough.
	carried = 0.6
	// apart is the round trip, in ms, from which on it is felt where nothing else is
	// busy; far is the one that is worth a word in any case.
	apart, far = 0.5, 1.0
	// crowd is the load of others that matters: commands a second, and part of a core.
	crowdPerSecond, crowdCores = 100, 0.05
	// uneven is the ratio of the fastest to the slowest round from which on the
	// machines are called noisy.
	uneven = 1.5
	// robbed is the part of the processor time that a hypervisor gives to others.
	robbed = 0.05
	// tail is the ratio of p99 to p50 that is unusual, tailMs the p99 from which on
	// anybody minds, tailSamples how many samples make it more than one bad moment.
	tail, tailMs, tailSamples = 10, 2.0, 500
	// slowStore is by how many ms storing an event may exceed a PING without the disk
	// being suspected.
	slowStore = 0.5
	// small is the payload, in bytes, up to which the server's cost is that of an
	// entry and not of its bytes; large the one from which on it is that of the bytes.
	small, large = 2 << 10, 4 << 10
	// narrow is how many entries a consumer should be allowed to hold at the least to
	// be fast, and lagging the share of the bare protocol below which it matters.
	narrow, lagging = 1000, 0.8
)

// Advise makes findings of facts, and of nothing else: what bounds each piece of
// work, then warnings, then notes.
func Advise(f *Facts) []Finding {
	findings := bounds(f)
	for _, kind := range []Kind{Warning, Note} {
		for _, rule := range rules {
			if found := rule(f); found != nil && found.Kind == kind {
				findings = append(findings, *found)
			}
		}
	}
	return findings
}

// rules are what is looked for beside what bounds, in the order of their weight.
var rules = []func(f *Facts) *Finding{
	embeddedBroker, oldServer, evicted, evicting, memoryOnly, saving, slowDisk, others, stolen, loaded, noisy, longTail,
	durable, distant, narrowWindow, oneMaster, lessMemory, unlimited, alone,
}

// percent is a part of one in words.
func percent(x float64) string {
	if x > 0 && x < 0.005 {
		return "less than 1 %"
	}
	return fmt.Sprintf("%.0f %%", 100*x)
}

// ms is a time in milliseconds with as many digits as are of use.
func ms(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f ms", x)
	case x >= 1:
		return fmt.Sprintf("%.1f ms", x)
	}
	return fmt.Sprintf("%.0f µs", 1000*x)
}

// perSecond is a rate with thousands set apart.
func perSecond(x float64) string { return thousands(x) + "/s" }

func thousands(x float64) string {
	digits := fmt.Sprintf("%.0f", x)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// bytesText is a number of bytes in the unit that fits.
func bytesText(x float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for x >= 1024 && i < len(units)-1 {
		x /= 1024
		i++
	}
	if i == 0 || x >= 100 {
		return fmt.Sprintf("%.0f %s", x, units[i])
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0") + " " + units[i]
}

// plural is n things.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(float64(n)) + " " + many
}

// listed are words with commas and an and.
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
