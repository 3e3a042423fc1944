package durability

import (
	"strconv"
	"time"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/producer"
)

// Level is how durably events are published: what the servers do, and what the producer waits for.
type Level struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	AOF      string `json:"aof"`      // appendfsync, of master and replicas; empty: no AOF
	Required int    `json:"required"` // min-replicas-to-write of the servers
	Replicas int    `json:"replicas"` // producer.Config.Replicas
	Fsync    bool   `json:"fsync"`    // producer.Config.Fsync
}

// Levels are all, the cheapest first.
func Levels() []Level {
	return []Level{
		{Name: "D0", Title: "memory alone"},
		{Name: "D1", Title: "AOF everysec", AOF: "everysec"},
		{Name: "D1+min", Title: "AOF everysec, min-replicas-to-write 1", AOF: "everysec", Required: 1},
		{Name: "D2", Title: "AOF always", AOF: "always"},
		{Name: "D3-memory", Title: "WAIT 1, no AOF", Replicas: 1},
		{Name: "D3", Title: "WAIT 1, AOF everysec", AOF: "everysec", Replicas: 1},
		{Name: "D3x2", Title: "WAIT 2, AOF everysec", AOF: "everysec", Replicas: 2},
		{Name: "D3+D2", Title: "WAIT 1, AOF always", AOF: "always", Replicas: 1},
		{Name: "D3+fsync", Title: "WAITAOF 1 1, AOF everysec", AOF: "everysec", Replicas: 1, Fsync: true},
	}
}

// servers are the options of the level's servers.
func (l *Level) servers() (options []redistest.Option) {
	if l.AOF != "" {
		options = append(options, redistest.AOF(l.AOF))
	}
	if l.Required > 0 {
		options = append(options, redistest.Config("min-replicas-to-write", strconv.Itoa(l.Required)))
	}
	return options
}

// config is that of the level's producer.
func (l *Level) config() producer.Config {
	cfg := producer.Config{
		Source: "urn:leat:durability", Replicas: l.Replicas, Fsync: l.Fsync,
		RetryFor: producer.NoRetry, // what the fault keeps from being sent need not be sent later
	}
	if l.Fsync { // a pipeline takes up to a second, so that it is to carry much
		cfg.BatchEvents, cfg.BatchBytes, cfg.Linger, cfg.MaxPending = 10_000, 8<<20, 200*time.Millisecond, 20_000
	}
	return cfg
}

// load is how long is published before a fault, where others take that long.
func (l *Level) load(others time.Duration) time.Duration {
	if l.Fsync { // in which not more than a few pipelines are through
		return 2 * others
	}
	return others
}
