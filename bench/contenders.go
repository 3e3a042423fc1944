package main

import (
	"github.com/leat-io/leat/bench/contender"
	"github.com/leat-io/leat/bench/contender/bare"
	"github.com/leat-io/leat/bench/contender/goredis"
	"github.com/leat-io/leat/bench/contender/leat"
	"github.com/leat-io/leat/bench/contender/rueidis"
	"github.com/leat-io/leat/bench/peer/asynq"
	"github.com/leat-io/leat/bench/peer/redisqueue"
	"github.com/leat-io/leat/bench/peer/taskq"
	"github.com/leat-io/leat/bench/peer/watermill"
	"github.com/leat-io/leat/bench/result"
	"github.com/leat-io/leat/bench/run"
)

// entry is a contender and its part in a run.
type entry struct {
	key string // as --only names it
	run.Entry
}

// contenders are all that take part, in the order of the report: the limit and
// ours, the plain clients, other projects.
func contenders() []entry {
	row := func(key string, c contender.Contender) entry {
		return entry{key, run.Entry{Contender: c, Kinds: run.TableKinds}}
	}
	every := func(key string, c contender.Contender) entry { return entry{key, run.Entry{Contender: c}} }
	return []entry{
		every("bare", bare.New()),
		// It shows what the envelope of an event costs, where that is to be seen.
		{"bare-one-field", run.Entry{Contender: bare.NewOneField(), Kinds: []result.Kind{result.Publish, result.Consume, result.EndToEnd}}},
		every("leat", leat.New()),
		{"leat-reuse", run.Entry{Contender: leat.NewReusing(), Kinds: []result.Kind{result.Consume, result.EndToEnd}}},
		// It shows what of leat's costs is the protocol's.
		{"leat-reader", run.Entry{Contender: leat.NewReader(), Kinds: []result.Kind{result.Consume}}},
		row("go-redis", goredis.New()), row("rueidis", rueidis.New()),
		row("watermill", watermill.New()), row("asynq", asynq.New()), row("redisqueue", redisqueue.New()), row("taskq", taskq.New()),
	}
}
