package durability

import "slices"

// Fault is what happens to Redis under load.
type Fault struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Servers  string `json:"servers"`
	Replicas int    `json:"replicas"` // of the master

	start  func(*round) error
	strike func(*round) error // and leaves in round.left the server to read
	power  bool               // the master's power can be cut
	levels []string           // that it says something about
	// keeps are the levels that promise to lose nothing by it. WAIT for one of two replicas is not among them where there are two:
	// sentinels go by an INFO that may be a second old, and by who is there.
	keeps []string
}

// replicated is what a level is good for when a replica takes over: the master's disk does not matter then.
var replicated = []string{"D0", "D1", "D2", "D3", "D3x2"}

// Faults are all.
func Faults() []Fault {
	restarts := []string{"D0", "D1", "D2", "D3-memory", "D3", "D3+D2", "D3+fsync"}
	return []Fault{
		{
			Name: "kill", Title: "the master is killed (SIGKILL) and comes back as the master", Servers: "a master and a replica", Replicas: 1,
			start: (*round).startPair, strike: (*round).kill, levels: restarts,
			keeps: []string{"D2", "D3+D2", "D3+fsync"},
		},
		{
			Name: "power", Title: "the master loses its power and comes back as the master", Servers: "a master and a replica", Replicas: 1,
			start: (*round).startPair, strike: (*round).cutPower, power: true, levels: restarts,
			keeps: []string{"D2", "D3+D2", "D3+fsync"},
		},
		{
			Name: "sentinel", Title: "the master is killed, sentinels promote a replica", Servers: "a master, two replicas, three sentinels", Replicas: 2,
			start: (*round).startSentinel, strike: (*round).failOver, levels: replicated,
			keeps: []string{"D3x2"},
		},
		{
			Name: "sentinel-lag", Title: "the same while both replicas lag: they stood still for a moment before", Servers: "a master, two replicas, three sentinels", Replicas: 2,
			start: (*round).startSentinel, strike: (*round).failOverLagging, levels: append(slices.Clone(replicated), "D1+min", "D3+fsync"),
			keeps: []string{"D3x2"},
		},
		{
			Name: "sentinel-last", Title: "one replica lags; the master and the other replica are killed, and it is promoted", Servers: "a master, two replicas, three sentinels", Replicas: 2,
			start: (*round).startSentinel, strike: (*round).failOverToTheLast, levels: replicated,
			keeps: []string{"D3x2"},
		},
		{
			Name: "cluster-lag", Title: "a master of a cluster is killed while its replica lags, which takes over", Servers: "three masters with a replica each", Replicas: 1,
			start: (*round).startCluster, strike: (*round).failOverCluster, levels: []string{"D0", "D1", "D2", "D3"},
			keeps: []string{"D3"},
		},
	}
}

// saysSomethingAbout tells whether the cell is worth its time, and why it is not.
func (f *Fault) saysSomethingAbout(l *Level) (why string, ok bool) {
	switch {
	case slices.Contains(f.levels, l.Name):
		return "", true
	case l.Replicas > f.Replicas:
		return "there are not as many replicas", false
	}
	return "the same as another level: what is lost does not depend on a disk here, or not on WAIT", false
}

// keepsAll tells whether a level promises to lose nothing.
func (f *Fault) keepsAll(level string) bool { return slices.Contains(f.keeps, level) }
