package gauge

import (
	"fmt"
	"slices"
)

// cause is what bounds a piece of work.
type cause string

// The causes, as the IDs of findings name them.
const (
	serverCPU   cause = "server-cpu"
	clientCPU   cause = "client-cpu"
	sharedCores cause = "shared-cores"
	crowded     cause = "crowded-machine"
	bandwidth   cause = "bandwidth"
	fsync       cause = "fsync"
	roundTrips  cause = "round-trips"
	handOvers   cause = "hand-overs"
	unknown     cause = "unknown"
)

// bounds says of each piece of work what bounds it. Those that are bound by the same
// are one finding. Of the embedded broker there is nothing to say: it and this
// process are one.
func bounds(f *Facts) (findings []Finding) {
	if f.Server != nil && f.Server.Embedded {
		return nil
	}
	found := map[cause][]*Rate{}
	var order []cause
	for i := range f.Rates {
		r := &f.Rates[i]
		if r.Leat.PerSecond <= 0 {
			continue
		}
		c := boundOf(f, r)
		if found[c] == nil {
			order = append(order, c)
		}
		found[c] = append(found[c], r)
	}
	for _, c := range order {
		finding := describe(f, c, found[c])
		finding.ID, finding.Kind = string(c), Bound
		for _, r := range found[c] {
			finding.Works = append(finding.Works, r.Work)
		}
		findings = append(findings, finding)
	}
	return findings
}

// boundOf is what bounds one piece of work: what was busy, or, where nothing was,
// what there was to wait for.
func boundOf(f *Facts, r *Rate) cause {
	u := r.Leat.Usage
	server := mainThread(u)
	switch {
	case server != nil && *server >= busy:
		return serverCPU
	case u.Client != nil && *u.Client >= busy*float64(f.Machine.Procs):
		return clientCPU
	case together(f, u) >= busy*float64(f.Machine.Cores):
		return sharedCores
	case f.Bandwidth != nil && traffic(u) >= carried**f.Bandwidth:
		return bandwidth
	case fsyncs(f) && storeExcess(f) >= max(slowStore, rtt(f)):
		return fsync
	case rtt(f) >= apart:
		return roundTrips
	case u.Machine != nil && *u.Machine >= busy:
		return crowded
	case server == nil:
		return unknown
	}
	return handOvers
}

// mainThread is the processor time of the thread that carries commands out, or of
// the whole server where it is not told apart.
func mainThread(u Usage) *float64 {
	if u.MainThread != nil {
		return u.MainThread
	}
	return u.Server
}

// together is what server and client use of the cores that they share; 0 where they
// do not, or where it is not known.
func together(f *Facts, u Usage) float64 {
	if !f.Loopback || u.Server == nil || u.Client == nil {
		return 0
	}
	return *u.Server + *u.Client
}

// traffic is the direction that has more, in bytes a second.
func traffic(u Usage) (x float64) {
	for _, direction := range []*float64{u.In, u.Out} {
		if direction != nil {
			x = max(x, *direction)
		}
	}
	return x
}

// fsyncs tells whether the server waits for its disk before it answers, as far as is
// known.
func fsyncs(f *Facts) bool {
	return f.Server != nil && f.Server.AOF && (f.Server.Fsync == "always" || f.Server.Fsync == "")
}

// storeExcess is how much longer storing an event takes than a PING, in ms.
func storeExcess(f *Facts) float64 {
	stored := f.latency(Stored)
	if stored == nil {
		return 0
	}
	return stored.Leat.P50 - rtt(f)
}

// rtt is the round trip in ms, of the bare protocol where there is one.
func rtt(f *Facts) float64 {
	l := f.latency(RoundTrip)
	switch {
	case l == nil:
		return 0
	case l.Bare != nil:
		return l.Bare.P50
	}
	return l.Leat.P50
}

// used says what the processors did, of each piece of work.
func usedBy(f *Facts, rates []*Rate) string {
	var parts []string
	for _, r := range rates {
		u := r.Leat.Usage
		var what []string
		switch {
		case u.MainThread != nil:
			what = append(what, "the server's main thread was busy "+percent(*u.MainThread)+" of a core")
		case u.Server != nil:
			what = append(what, "the server used "+cores(*u.Server))
		}
		if u.Client != nil {
			what = append(what, fmt.Sprintf("this process used %s of %d", cores(*u.Client), f.Machine.Procs))
		}
		if len(what) > 0 {
			parts = append(parts, fmt.Sprintf("%s (%s): %s", r.Work, perSecond(r.Leat.PerSecond), listed(what)))
		}
	}
	return joined(parts)
}

func cores(x float64) string { return fmt.Sprintf("%.2f cores", x) }

// joined are sentences in one.
func joined(parts []string) string {
	out := ""
	for i, p := range parts {
		if i > 0 {
			out += "; "
		}
		out += p
	}
	return out
}

// describe says what a cause means for these pieces of work.
func describe(f *Facts, c cause, rates []*Rate) Finding {
	switch c {
	case serverCPU:
		return Finding{Says: "bound by the server's processor", Because: usedBy(f, rates), Change: relieveServer(f, rates)}
	case clientCPU:
		return Finding{Says: "bound by this process' processors", Because: usedBy(f, rates), Change: relieveClient(f)}
	case sharedCores:
		return Finding{
			Says:    "bound by the cores that Redis and this process share",
			Because: fmt.Sprintf("%s; the server is on this side of the network, and the machine has %s", usedBy(f, rates), plural(f.Machine.Cores, "core", "cores")),
			Change:  []string{"Measure from another machine: here, each of them takes from the other what it needs.", "Give the machine more cores: Redis wants one of its own."},
		}
	case crowded:
		return Finding{
			Says:    "bound by this machine's processors, which others use",
			Because: usedBy(f, rates) + "; all processors of this machine together were busy " + crowd(rates),
			Change:  []string{"Run again when the others have ended, or from a machine that has nothing else to do."},
		}
	case bandwidth:
		return Finding{
			Says:    "bound by what the network carries",
			Because: fmt.Sprintf("%s, and one connection carried %s a second at the most", moved(rates), bytesText(*f.Bandwidth)),
			Change: []string{
				"Make events smaller: compress their data, or put a reference to it into the event and the data elsewhere.",
				"Run workers and Redis in one network, or on a faster one.",
			},
		}
	case fsync:
		return describeFsync(f, rates)
	case roundTrips:
		return describeRoundTrips(f, rates)
	case unknown:
		return Finding{
			Says:    "what bounds it is on the server's side and cannot be seen",
			Because: fmt.Sprintf("%s; the round trip is %s; the server does not tell its processor time", usedBy(f, rates), ms(rtt(f))),
			Change:  []string{"Let this user see INFO (ACL SETUSER ... +info), or look at the processor of Redis while the bench runs."},
		}
	}
	return Finding{
		Says:    "nothing was busy all the time: client and server wait for each other",
		Because: fmt.Sprintf("%s; the round trip is %s", usedBy(f, rates), ms(rtt(f))),
		Change:  []string{"Run several consumers, publish from several goroutines, or use several streams: while one waits, another works."},
	}
}

// crowd says how busy the machine was.
func crowd(rates []*Rate) string {
	var parts []string
	for _, r := range rates {
		parts = append(parts, percent(*r.Leat.Machine))
	}
	return listed(parts)
}

// moved says how many bytes went over the network.
func moved(rates []*Rate) string {
	var parts []string
	for _, r := range rates {
		parts = append(parts, fmt.Sprintf("%s (%s): %s a second", r.Work, perSecond(r.Leat.PerSecond), bytesText(traffic(r.Leat.Usage))))
	}
	return joined(parts)
}

// relieveServer says how the server has less to do. Redis carries commands out on one
// thread, and an entry costs it about the same whatever is in it.
func relieveServer(f *Facts, rates []*Rate) (change []string) {
	var micros []float64
	for _, r := range rates {
		if r.Leat.ServerMicro != nil {
			micros = append(micros, *r.Leat.ServerMicro)
		}
	}
	if f.Settings.Payload <= small && len(micros) > 0 {
		change = append(change, fmt.Sprintf("Put several things into one event where that makes sense: an entry costs the server up to %.1f µs, and hardly more when it is larger.", slices.Max(micros)))
	}
	if f.Server != nil && f.Server.Mode == "cluster" {
		change = append(change, "Use several streams: each is on one master of the cluster, and all of this run were on the same.")
	} else {
		change = append(change, "Spread several streams over several servers: one server carries commands out on one thread. A cluster does it by the streams' names.")
	}
	if f.Settings.Payload >= large && f.Server != nil && f.Server.IOThreadsKnown && !f.Server.IOThreads && !f.TLS {
		change = append(change, fmt.Sprintf("Try io-threads 4 in redis.conf where the machine has the cores: with payloads of %s, other threads can do the reading and writing of sockets.", bytesText(float64(f.Settings.Payload))))
	}
	if f.TLS {
		change = append(change, "The server also encrypts: compare with a connection without TLS, to see what that costs here.")
	}
	if theirs := f.Before.MainThread; theirs != nil && *theirs >= crowdCores {
		change = append(change, fmt.Sprintf("Give the streams a server of their own: other clients kept its main thread busy for %s of a core before the run.", percent(*theirs)))
	}
	return change
}

func relieveClient(f *Facts) (change []string) {
	if f.Machine.Procs < f.Machine.Cores {
		change = append(change, fmt.Sprintf("Give the process more processors: it may use %d of the machine's %d (GOMAXPROCS, a container's limit).", f.Machine.Procs, f.Machine.Cores))
	}
	return append(change, "Run more processes, on other machines: each is one more consumer of the group.")
}

func describeFsync(f *Facts, rates []*Rate) Finding {
	policy := "appendfsync is always"
	if f.Server.Fsync == "" {
		policy = "the AOF is on (with which appendfsync could not be seen)"
	}
	return Finding{
		Says: "bound by the server's disk",
		Because: fmt.Sprintf("%s, and one event is stored after %s where a PING takes %s; %s",
			policy, ms(f.latency(Stored).Leat.P50), ms(rtt(f)), usedBy(f, rates)),
		Change: []string{
			"Publish more at a time (Send, or many events in one Publish): one fsync then is for all of them.",
			"Use a disk that is faster to confirm writes.",
			"appendfsync everysec (durability level D1 instead of D2), where a power loss may cost a second of events.",
		},
	}
}

func describeRoundTrips(f *Facts, rates []*Rate) Finding {
	var parts, change []string
	window := f.Settings.Concurrency + f.Settings.Prefetch
	for _, r := range rates {
		way := r.Leat.PerSecond * rtt(f) / 1000
		part := fmt.Sprintf("%s: at %s, %s are on their way at a time", r.Work, perSecond(r.Leat.PerSecond), plural(int(way+0.5), "event", "events"))
		if r.Work != Publish && way >= float64(window)/3 {
			part += fmt.Sprintf(", of %d that the consumer may hold", window)
			change = append(change, fmt.Sprintf("Let consumers hold more: Config.Prefetch (--prefetch, here %d) or Config.Concurrency (--concurrency, here %d).", f.Settings.Prefetch, f.Settings.Concurrency))
		}
		parts = append(parts, part)
	}
	if u := usedBy(f, rates); u != "" {
		parts = append(parts, "neither side was busy: "+u)
	}
	slices.Sort(change)
	return Finding{
		Says:    "bound by the way to the server",
		Because: fmt.Sprintf("a round trip is %s; %s", ms(rtt(f)), joined(parts)),
		Change: append([]string{"Run this side closer to Redis: in its zone, its network, on its machine."},
			append(slices.Compact(change), "Do more at a time: several streams, several consumers, several producers wait for their round trips at the same time.")...),
	}
}
