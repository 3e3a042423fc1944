package gauge

import (
	"fmt"
	"strconv"
	"strings"
)

func embeddedBroker(f *Facts) *Finding {
	if f.Server == nil || !f.Server.Embedded {
		return nil
	}
	return &Finding{
		ID: "embedded", Kind: Warning,
		Says:    "these figures say nothing about a Redis",
		Because: "the embedded broker was measured, which is inside this process and made for demos",
		Change:  []string{"Give --redis the URL of a real one."},
	}
}

// oldServer looks for a Redis older than 7.0, the oldest that leat is tested on.
func oldServer(f *Facts) *Finding {
	if f.Server == nil || f.Server.Name != "redis" {
		return nil
	}
	major, _, _ := strings.Cut(f.Server.Version, ".")
	if n, err := strconv.Atoi(major); err != nil || n >= 7 {
		return nil
	}
	return &Finding{
		ID: "old-version", Kind: Warning,
		Says:    "this Redis is older than what leat promises anything for",
		Because: "it is version " + f.Server.Version + "; the promises are tested from 7.0 on",
		Change:  []string{"Update to Redis 7.0 or newer, or Valkey."},
	}
}

func evicted(f *Facts) *Finding {
	if f.During.Evicted == 0 {
		return nil
	}
	return &Finding{
		ID: "evicted", Kind: Warning,
		Says:    "the server threw keys away while this ran",
		Because: fmt.Sprintf("evicted_keys grew by %d; maxmemory is %s, the policy %s", f.During.Evicted, bytesText(float64(f.Server.MaxMemory)), f.Server.Policy),
		Change:  []string{"Keep streams on a server with maxmemory-policy noeviction, apart from caches."},
	}
}

// evicting looks for a policy under which a stream can be thrown away. The volatile
// ones take keys with an expiry only, which streams do not have.
func evicting(f *Facts) *Finding {
	s := f.Server
	if s == nil || s.MaxMemory == 0 || !strings.HasPrefix(s.Policy, "allkeys-") {
		return nil
	}
	return &Finding{
		ID: "evicting-policy", Kind: Warning,
		Says:    "the server may throw whole streams away",
		Because: fmt.Sprintf("maxmemory-policy is %s, and %s of maxmemory %s are in use", s.Policy, bytesText(float64(s.UsedMemory)), bytesText(float64(s.MaxMemory))),
		Change:  []string{"Set maxmemory-policy noeviction: producers then get an error, and nothing is lost. Or keep streams on a server of their own, apart from caches."},
	}
}

// snapshots says what of the data survives without the AOF.
func snapshots(s *Server) string {
	switch {
	case !s.SaveKnown:
		return "appendonly is off"
	case s.Save == "":
		return "appendonly is off, and there are no snapshots"
	}
	return "appendonly is off; snapshots are taken by save " + strconv.Quote(s.Save)
}

// copies says who else has the data.
func copies(s *Server) string {
	if s.Replicas == 0 {
		return "there is no replica"
	}
	return "there " + map[bool]string{true: "is ", false: "are "}[s.Replicas == 1] + plural(s.Replicas, "replica", "replicas") + ", which may be behind when it takes over"
}

func memoryOnly(f *Facts) *Finding {
	s := f.Server
	if s == nil || s.AOF || s.Embedded {
		return nil
	}
	loss := "what came after the last snapshot"
	if s.SaveKnown && s.Save == "" {
		loss = "all of them"
	}
	return &Finding{
		ID: "durability", Kind: Warning,
		Says:    "events are kept in memory alone (durability level D0): a crash of Redis loses " + loss,
		Because: snapshots(s) + "; " + copies(s),
		Change: []string{
			"appendonly yes with appendfsync everysec (D1): a crash of the machine loses about a second.",
			"appendonly yes with appendfsync always (D2): nothing that was acknowledged is lost; publishing costs an fsync.",
		},
	}
}

func durable(f *Facts) *Finding {
	s := f.Server
	if s == nil || !s.AOF || s.Embedded {
		return nil
	}
	says := map[string]string{
		"always":   "events are on the server's disk before they are acknowledged (durability level D2)",
		"everysec": "a crash of the server's machine loses about a second of events (durability level D1)",
		"no":       "a crash of the server's machine loses what its kernel had not written yet (below durability level D1)",
		"":         "events are written to the server's disk, when exactly could not be seen (durability level D1 or D2)",
	}[s.Fsync]
	policy := "appendonly is on"
	if s.Fsync != "" {
		policy += ", appendfsync is " + s.Fsync
	}
	return &Finding{ID: "durability", Kind: Note, Says: says, Because: policy + "; " + copies(s)}
}

// saving looks for a fork, which stops the server while the page tables are copied,
// and for what its child does to the memory and the disk.
func saving(f *Facts) *Finding {
	d := f.During
	if d.Forks == 0 && !d.Saving {
		return nil
	}
	because := "a snapshot or a rewrite of the AOF was under way"
	if d.Forks > 0 {
		because = fmt.Sprintf("%s began a snapshot or a rewrite of the AOF; the last one stopped the server for %s", plural(d.Forks, "fork", "forks"), ms(d.LatestFork))
	}
	return &Finding{
		ID: "saving", Kind: Warning,
		Says:    "the server saved its data while this ran, which makes all of it slower and the slowest slower still",
		Because: because,
		Change:  []string{"Run the bench again for figures without it. Where forks take long, switch transparent huge pages off on the server and let a replica take the snapshots."},
	}
}

func slowDisk(f *Facts) *Finding {
	if f.During.DelayedFsyncs == 0 {
		return nil
	}
	return &Finding{
		ID: "slow-disk", Kind: Warning,
		Says:    "the server's disk does not keep up",
		Because: fmt.Sprintf("aof_delayed_fsync grew by %d: writes waited for an fsync that was not done after two seconds", f.During.DelayedFsyncs),
		Change:  []string{"Give the AOF a faster disk, or one of its own; no-appendfsync-on-rewrite yes helps where rewrites are the cause."},
	}
}

// others looks for the load that was there before.
func others(f *Facts) *Finding {
	var parts []string
	enough := false
	if n := f.Before.PerSecond; n != nil {
		parts = append(parts, fmt.Sprintf("carried out %s commands a second", thousands(*n)))
		enough = *n >= crowdPerSecond
	}
	if c := f.Before.MainThread; c != nil {
		parts = append(parts, fmt.Sprintf("kept its main thread busy for %s of a core", percent(*c)))
		enough = enough || *c >= crowdCores
	}
	if !enough {
		return nil
	}
	return &Finding{
		ID: "other-clients", Kind: Warning,
		Says:    "other clients use this server, and get their part of it: the figures are what is left",
		Because: "before the run it " + listed(parts),
	}
}

func stolen(f *Facts) *Finding {
	s := f.Machine.Stolen
	if s == nil || *s < robbed {
		return nil
	}
	return &Finding{
		ID: "stolen", Kind: Warning,
		Says:    "this machine did not have its processors for itself",
		Because: fmt.Sprintf("the hypervisor gave %s of their time to others while this ran", percent(*s)),
		Change:  []string{"Use a machine with dedicated processors, or run again at another hour; the share of the bare protocol holds all the same."},
	}
}

func loaded(f *Facts) *Finding {
	l := f.Machine.LoadAverage
	if l == nil || *l < float64(f.Machine.Cores) {
		return nil
	}
	return &Finding{
		ID: "loaded", Kind: Warning,
		Says:    "this machine had other things to do",
		Because: fmt.Sprintf("its load average was %.1f before the run, for %s", *l, plural(f.Machine.Cores, "core", "cores")),
		Change:  []string{"Run again when it has not, or from another machine."},
	}
}

// noisy looks for rounds that differ. The bare protocol's tell more: they do the same
// thing each time.
func noisy(f *Facts) *Finding {
	worst, name := 0.0, ""
	for _, r := range f.Rates {
		figure := &r.Leat
		if r.Bare != nil {
			figure = r.Bare
		}
		if len(figure.Rounds) < 3 || figure.Slowest <= 0 {
			continue
		}
		if ratio := figure.Fastest / figure.Slowest; ratio > worst {
			worst = ratio
			name = fmt.Sprintf("%s went from %s to %s in %d rounds", r.Work, perSecond(figure.Slowest), perSecond(figure.Fastest), len(figure.Rounds))
		}
	}
	if worst < uneven {
		return nil
	}
	return &Finding{
		ID: "noisy", Kind: Warning,
		Says:    "the figures vary: something else takes time on this machine, the server's, or between them",
		Because: fmt.Sprintf("%s, a factor of %.1f", name, worst),
		Change:  []string{"Compare shares rather than rates, and run longer (--duration 2m) for a better median."},
	}
}

// longTail looks for latencies that are far from the median, and for who has them.
func longTail(f *Facts) *Finding {
	l := f.latency(Handled)
	if l == nil || l.Leat.Samples < tailSamples || l.Leat.P99 < tailMs || l.Leat.P99 < tail*l.Leat.P50 {
		return nil
	}
	because := fmt.Sprintf("publish to handled: p50 %s, p99 %s, slowest %s", ms(l.Leat.P50), ms(l.Leat.P99), ms(l.Leat.Max))
	found := &Finding{ID: "long-tail", Kind: Warning, Says: "one event in a hundred takes many times longer than the others"}
	shared := l.Bare != nil && l.Bare.P99 >= l.Leat.P99/3 && l.Bare.P99 >= tail/2*l.Bare.P50
	switch {
	case shared:
		because += fmt.Sprintf("; the bare protocol has it as well (p50 %s, p99 %s), so it is the machines or what is between them", ms(l.Bare.P50), ms(l.Bare.P99))
		if p := f.latency(RoundTrip); p != nil && p.Leat.P99 >= tailMs {
			because += fmt.Sprintf("; so has PING (p99 %s)", ms(p.Leat.P99))
		}
		found.Change = append(found.Change, "Look at LATENCY DOCTOR and SLOWLOG GET on the server, and for neighbours that share its machine.")
	case l.Bare != nil:
		because += fmt.Sprintf("; the bare protocol has it not (p50 %s, p99 %s), so it is this process", ms(l.Bare.P50), ms(l.Bare.P99))
		found.Change = append(found.Change, "Give this process more processor: goroutines wait for one, or the garbage collector has it.")
	}
	if f.During.Forks > 0 || f.During.Saving {
		because += "; the server saved its data meanwhile"
	}
	if f.Loopback && f.hugePagesAlways() {
		because += "; transparent huge pages are set to always on this machine"
		found.Change = append(found.Change, "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled: Redis recommends it, for latency after forks.")
	}
	found.Because = because
	return found
}

// hugePagesAlways tells whether this machine uses transparent huge pages for all.
func (f *Facts) hugePagesAlways() bool { return f.Machine.HugePages == "always" }

// distant says what the way costs where it is not what bounds.
func distant(f *Facts) *Finding {
	if rtt(f) < far {
		return nil
	}
	for i := range f.Rates {
		if boundOf(f, &f.Rates[i]) == roundTrips {
			return nil // said there
		}
	}
	because := "a PING takes " + ms(rtt(f))
	if l := f.latency(Handled); l != nil {
		because += fmt.Sprintf(", and an event is handled %s after it was published", ms(l.Leat.P50))
	}
	return &Finding{
		ID: "distant", Kind: Note,
		Says:    "no event can be handled sooner than the way to Redis takes",
		Because: because,
		Change:  []string{"Run this side closer to Redis where latency matters. Rates need not suffer, as long as enough is on its way."},
	}
}

// narrowWindow looks for a consumer that may not hold enough to be fast.
func narrowWindow(f *Facts) *Finding {
	r := f.rate(Consume)
	window := f.Settings.Concurrency + f.Settings.Prefetch
	if r == nil || r.Share == nil || *r.Share >= lagging || window >= narrow {
		return nil
	}
	return &Finding{
		ID: "narrow", Kind: Note, Works: []Work{Consume},
		Says:    "the consumer may hold too few entries to be as fast as it can be",
		Because: fmt.Sprintf("it may hold %d, and did %s of the bare protocol", window, percent(*r.Share)),
		Change:  []string{fmt.Sprintf("Where handlers are quick, raise Config.Prefetch (--prefetch, here %d).", f.Settings.Prefetch)},
	}
}

func oneMaster(f *Facts) *Finding {
	if f.Server == nil || f.Server.Mode != "cluster" {
		return nil
	}
	return &Finding{
		ID: "one-master", Kind: Note,
		Says:    "one master of the cluster was measured",
		Because: "redis_mode is cluster, and all keys of a run are in one hash slot",
		Change:  []string{"Several streams on several masters add up, as far as the clients keep pace."},
	}
}

func lessMemory(f *Facts) *Finding {
	if f.Settings.Memory >= f.Settings.MemoryAsked {
		return nil
	}
	because := "INFO does not tell what is free"
	if s := f.Server; s != nil {
		because = fmt.Sprintf("%s are in use", bytesText(float64(s.UsedMemory)))
		if s.MaxMemory > 0 {
			because += " of maxmemory " + bytesText(float64(s.MaxMemory))
		}
	}
	return &Finding{
		ID: "less-memory", Kind: Note,
		Says:    fmt.Sprintf("the events took no more than %s at a time, not the %s that were allowed: short measurements vary more", bytesText(float64(f.Settings.Memory)), bytesText(float64(f.Settings.MemoryAsked))),
		Because: because,
	}
}

// unlimited says what a backlog does to a server without a limit.
func unlimited(f *Facts) *Finding {
	if f.Server == nil || f.Server.MaxMemory != 0 || f.Server.Embedded || f.EntryBytes == nil {
		return nil
	}
	return &Finding{
		ID: "no-maxmemory", Kind: Note,
		Says:    fmt.Sprintf("nothing limits a backlog but the machine's memory: a million of these events take %s", bytesText(1e6**f.EntryBytes)),
		Because: fmt.Sprintf("maxmemory is 0; an event takes %.0f bytes in the server, with a payload of %d", *f.EntryBytes, f.Settings.Payload),
		Change:  []string{"Set maxmemory, with maxmemory-policy noeviction: producers then get an error before the machine runs out."},
	}
}

func alone(f *Facts) *Finding {
	if f.BareLeftOut == "" {
		return nil
	}
	return &Finding{
		ID: "bare-left-out", Kind: Note,
		Says:    "the comparison with the bare protocol is left out",
		Because: f.BareLeftOut,
	}
}
