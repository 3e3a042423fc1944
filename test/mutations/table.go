package main

// mutation is one sabotage: a piece of a file and what is put in its place.
type mutation struct {
	Name string // in a word or two, for the table
	What string // what does not hold any more
	File string
	// Where are the scenarios of real processes in which it shows, with commas.
	Where string
	Old   string // is in the file once
	New   string
	// Unseen says, by machine, why it cannot notice; empty where it has to.
	Unseen map[string]string
}

// The names of the machines.
const (
	simulation = "simulation"
	processes  = "processes"
)

// mutations are those of the fences, heartbeats, cursors, classes of errors, flushes
// of acknowledgements, and of the order and conditions of what scripts write.
var mutations = []mutation{
	{
		Name: "fence, owner", What: "scripts do not ask who has the entry", Where: "handover", File: "stream/scripts/lib.lua",
		Old: "return row and row[2] == ME and tostring(row[4]) == deliveries", New: "return row and tostring(row[4]) == deliveries",
	},
	{
		Name: "fence, token", What: "scripts do not ask for the delivery", Where: "failures", File: "stream/scripts/lib.lua",
		Old: "return row and row[2] == ME and tostring(row[4]) == deliveries", New: "return row and row[2] == ME",
	},
	{
		Name: "fence of acknowledgements", What: "the fenced acknowledgement is not", Where: "stall", File: "stream/scripts/ack.lua",
		Old: "if mine(id, ARGV[i + 1]) then", New: "if pending(id) then",
	},
	{
		Name: "fence of the heartbeat", What: "a heartbeat takes entries back from whoever has them", Where: "slow,stall", File: "stream/scripts/extend.lua",
		Old: "if not mine(id, ARGV[i + 1]) then", New: "if not pending(id) then",
	},
	{
		Name: "fence of retries", What: "a failure counts for who has lost the entry", Where: "failures", File: "stream/scripts/fail.lua",
		Old: "if not mine(id, ARGV[4]) then return 0 end", New: "if not pending(id) then return 0 end",
	},
	{
		Name: "fence of dead letters", What: "who has lost an entry buries it", Where: "failures", File: "stream/scripts/dead.lua",
		Old: "if not mine(id, deliveries) then return 0 end", New: "if not pending(id) then return 0 end",
	},
	{
		Name: "fence of the hand-over", What: "who has lost an entry hands it back", Where: "farewell", File: "stream/scripts/release.lua",
		Old: "if not mine(id, ARGV[i + 1]) then", New: "if not pending(id) then",
	},
	{
		Name: "age of plain XACK", What: "XACK without a fence, however old the lease", Where: "stall", File: "consumer/acker_send.go",
		Old: "&& p.it.leaseAge(now) < safeAge(a.src.c.cfg.Lease):", New: "&& p.it.leaseAge(now) < time.Hour:",
	},
	{
		Name: "age of a lease", What: "a lease is trusted long past its end, wherever one is looked at", Where: "stall,slow", File: "consumer/executor.go",
		Old: "return lease * 8 / 10", New: "return lease * 800 / 10",
	},
	{
		Name: "age before a start", What: "what waited longer than its lease is started", Where: "stall,farewell", File: "consumer/executor.go",
		Old: "if it.leaseAge(w.now) < safeAge(e.c.cfg.Lease) {\n\t\treturn true", New: "if true {\n\t\treturn true",
	},
	{
		Name: "heartbeat", What: "leases are not extended", Where: "slow", File: "consumer/leaser.go",
		Old: "return from-it.leaseFrom() > l.c.cfg.Lease/3 &&", New: "return false &&",
	},
	{
		Name: "lease of reclaiming", What: "everything is taken over at once, from those who live as well", Where: "kill", File: "stream/scripts/reclaim.lua",
		Old: "'XAUTOCLAIM', STREAM, GROUP, PARKED, ARGV[3],", New: "'XAUTOCLAIM', STREAM, GROUP, PARKED, 0,",
	},
	{
		Name: "reclaiming", What: "nothing is taken over", Where: "kill", File: "stream/scripts/reclaim.lua",
		Old: "'XAUTOCLAIM', STREAM, GROUP, PARKED, ARGV[3],", New: "'XAUTOCLAIM', STREAM, GROUP, PARKED, 3600000,",
	},
	{
		Name: "fairness after an outage", What: "who lives is robbed when Redis answers again", Where: "outage", File: "consumer/reclaimer.go",
		Old: "if since < 0 || (since > 0 && now-since < r.c.cfg.Lease*2/3) {", New: "if since == now+1 {",
	},
	{
		Name: "late reclaim", What: "a reclaim that the server carries out too late takes from those who live", Where: "standstill", File: "stream/scripts/reclaim.lua",
		Old: "if latest > 0 and now > latest then", New: "if false then",
	},
	{
		Name: "retry set", What: "reclaiming takes what waits for its time", Where: "backoff", File: "stream/scripts/reclaim.lua",
		Old: "if not redis.call('ZSCORE', RETRY, id) then ids", New: "if true then ids",
	},
	{
		Name: "reclaim cursor", What: "each scan begins at the first pending entry", Where: "parked", File: "consumer/reclaimer.go",
		Old: "r.cursor, late = got.Next,", New: "r.cursor, late = stream.ID{},",
	},
	{
		Name: "time of a retry", What: "a failed entry is parked without a time", Where: "backoff", File: "stream/scripts/fail.lua",
		Old: "redis.call('ZADD', RETRY, string.format('%.0f', now_ms() + delay), id)", New: "local _ = delay",
	},
	{
		Name: "what is due", What: "what is due leaves the retry set and is not taken", Where: "prompt", File: "stream/scripts/due.lua",
		Old: "if row and (row[2] == PARKED or row[2] == '') then", New: "if row and row[2] == '' then",
	},
	{
		Name: "who has what is due", What: "what is due is taken from whoever has it", Where: "claimed", File: "stream/scripts/due.lua",
		Old: "if row and (row[2] == PARKED or row[2] == '') then", New: "if row then",
	},
	{
		Name: "order of a dead letter", What: "the acknowledgement comes before the letter, whose key nobody looks at", Where: "letters", File: "stream/scripts/dead.lua",
		Old: "local bad = check_dead()\nif bad then return bad end\n", New: "redis.call('XACK', STREAM, GROUP, id)\n",
	},
	{
		Name: "dead letter", What: "the letter is not written", Where: "kill", File: "stream/scripts/dead.lua",
		Old: "bury(id, reason, ARGV[6],", New: "local _ = (id, reason, ARGV[6],",
	},
	{
		Name: "failures forgotten", What: "an acknowledged entry's failures stay", Where: "kill", File: "stream/scripts/ack.lua",
		Old: "    forget(id)\n", New: "",
	},
	{
		Name: "hand-over counts", What: "what is handed back counts as delivered", Where: "returned", File: "stream/scripts/release.lua",
		Old: "math.max(count - 1, 0)", New: "count",
	},
	{
		Name: "names", What: "a consumer's name goes with what is pending under it", Where: "handover", File: "stream/scripts/leave.lua",
		Old: "if wanted and by['pending'] == 0 then", New: "if wanted then",
	},
	{
		Name: "deliveries after a lost reply", What: "what a lost reply has left is not looked for", Where: "prompt", File: "consumer/fetcher.go",
		Old: "if !f.overdue() {\n\t\treturn nil", New: "if true {\n\t\treturn nil",
	},
	{
		Name: "repeated acknowledgement", What: "an acknowledgement that failed is given up", Where: "connections,redis-kill", File: "consumer/acker_send.go",
		Old: "		return append(fenced, plain...), err\n", New: "		for _, p := range append(fenced, plain...) {\n			a.src.c.finish(p.it, p.outcome)\n		}\n		return nil, nil //nolint:nilerr // sabotage\n",
	},
	{
		Name: "last acknowledgements", What: "what is not acknowledged when the consumer ends stays so", Where: "term", File: "consumer/acker.go",
		Old: "		case <-stop:\n		}\n		batch := a.swap()", New: "		case <-stop:\n			return\n		}\n		batch := a.swap()",
	},
	{
		Name: "acknowledged before it is handled", What: "at most once", Where: "kill", File: "consumer/executor.go",
		Old: "	err := e.invoke(ctx, running)\n", New: "	for _, it := range running {\n		_, _ = it.src.group.Ack(e.c.settleCtx, []stream.ID{it.d.EntryID})\n	}\n	err := e.invoke(ctx, running)\n",
	},
	{
		Name: "verdict", What: "a failure is acknowledged", Where: "kill", File: "consumer/executor.go",
		Old: "	case !failed:\n", New: "	case !failed, it.d.Attempt > 1:\n",
	},
	{
		Name: "attempts", What: "an entry that fails is tried for ever", Where: "kill", File: "consumer/executor.go",
		Old: "case c.cfg.MaxAttempts > 0 && it.d.Attempt >= c.cfg.MaxAttempts:", New: "case false:",
	},
	{
		Name: "group made again", What: "a group that was deleted begins at the end", Where: "destroy", File: "stream/scripts/restore.lua",
		Old: "redis.call('XGROUP', 'CREATE', STREAM, GROUP, at, 'MKSTREAM')", New: "redis.call('XGROUP', 'CREATE', STREAM, GROUP, '$', 'MKSTREAM')",
	},
	{
		Name: "floor of a group", What: "a group is made again below what its maker holds, not below what the dead held", Where: "destroy-dead", File: "consumer/source.go",
		Old: "		position = s.floor\n	}\n	for _, h := range held {\n		if before := h.ID.Prev(); before.Compare(position) < 0 {",
		New: "		position = s.floor\n	}\n	for i, h := range held {\n		if before := h.ID.Prev(); i == 0 || before.Compare(position) < 0 {",
	},
	{
		Name: "late heartbeat", What: "a heartbeat that comes late puts back what another one has settled", Where: "late", File: "consumer/leaser.go",
		Old: "it.leaseAge(heard) < safeAge(l.c.cfg.Lease)", New: "heard >= 0 && it.leaseAge(from) < safeAge(l.c.cfg.Lease)",
	},
	{
		Name: "clock that went back", What: "idle times stand still until the clock has caught up", Where: "clock-back", File: "stream/scripts/rebase.lua",
		Old: "redis.call('XCLAIM', STREAM, GROUP, row[2], 0, row[1], 'IDLE', 0, 'JUSTID')", New: "local _ = 0",
	},
	{
		Name: "lost group", What: "nobody makes the group again", Where: "destroy", File: "consumer/source.go",
		Old: "if stream.Classify(err) != stream.ClassNoGroup || !s.restoring.TryLock() {", New: "if true {",
	},
	{
		Name: "class of a lost reply", What: "a publish whose reply was lost is sent again", Where: "connections,replies", File: "stream/errors.go",
		Old: "	case errors.Is(err, ErrUnknownOutcome):\n		return ClassUnknown\n", New: "	case errors.Is(err, ErrUnknownOutcome):\n		return ClassNotExecuted\n",
	},
	{
		Name: "class of a refusal", What: "what Redis refused for a moment is given up", Where: "redis-kill,redis-stall", File: "stream/errors.go",
		Old: "	case notExecuted[code], strings.Contains", New: "	case code == \"LOADING\":\n		return ClassRejected\n	case notExecuted[code], strings.Contains",
	},
	{
		Name: "unknown outcome", What: "a publish whose reply was lost is said to have failed", Where: "connections,replies", File: "stream/errors.go",
		Old: "	case errors.Is(err, ErrUnknownOutcome):\n		return ClassUnknown\n", New: "	case errors.Is(err, ErrUnknownOutcome):\n		return ClassRejected\n",
	},
	{
		Name: "replies in order", What: "a connection on which a reply is still to come is used again", Where: "late-replies", File: "stream/exchange.go",
		Old: "			c.wires.drop(pool, w)\n", New: "			c.wires.put(pool, w)\n",
	},
	{
		Name: "order by key", What: "the next of a key does not wait", Where: "order", File: "consumer/consumer.go",
		Old: "			it.key = c.keyOf(it.d)\n", New: "			it.key = c.keyOf(it.d) + it.d.EntryID.String()\n",
	},
	{
		Name: "Reuse, too early", What: "memory is used again while its batch is handled", Where: "kill", File: "consumer/ledger.go",
		Old: "if n == 0 || h.left.Add(-int32(n)) > 0 {", New: "if n == 0 || h.left.Add(-int32(n)) > int32(n) {",
	},
}
