package scenario

import (
	"slices"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
	"github.com/leat-io/leat/test/faults/nemesis"
	"github.com/leat-io/leat/test/faults/world"
)

// usual is a load under which workers are busy and the machine is not.
var usual = child.Producer{Rate: 3000, Fails: 53, Permanent: 997, Hopeless: 1499}

// All are the scenarios, in the order in which they are run.
func All() []Scenario {
	return slices.Concat(ofProcesses(), ofTimes(), ofOwners(), ofServers(), ofMachines(), ofGroups())
}

// ofProcesses are scenarios in which the servers are left alone.
func ofProcesses() []Scenario {
	return []Scenario{
		{
			Name: "kill", Title: "workers are killed", Producer: usual, Worker: child.Worker{Busy: 2 * time.Millisecond},
			Leases: []time.Duration{300 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second},
			Tracks: []Track{{Every: 60 * time.Millisecond, Lanes: 2, Faults: []nemesis.Fault{nemesis.KillWorker}}}, Weight: 3,
		},
		{
			Name: "takeover", Title: "one worker after the other is killed, and the others have time to take over what it had",
			Producer: child.Producer{Rate: 400}, Worker: child.Worker{Busy: 40 * time.Millisecond}, Representative: true,
			Leases: []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second},
			Tracks: []Track{{Every: time.Second, Faults: []nemesis.Fault{nemesis.KillWorker}}},
		},
		{
			Name: "stall", Title: "workers stand still for longer than their lease, and some are killed", Producer: usual,
			Worker: child.Worker{Busy: 2 * time.Millisecond}, Leases: []time.Duration{300 * time.Millisecond, time.Second},
			Tracks: []Track{
				{Every: 300 * time.Millisecond, Lanes: 2, Faults: []nemesis.Fault{nemesis.StopWorker}},
				{Every: 500 * time.Millisecond, Faults: []nemesis.Fault{nemesis.KillWorker}},
			},
		},
		{
			Name: "term", Title: "workers are told to end all the time, and producers are killed", Producer: usual,
			Worker: child.Worker{Busy: 5 * time.Millisecond}, Leases: []time.Duration{10 * time.Second},
			Tracks: []Track{
				{Every: 100 * time.Millisecond, Lanes: 2, Faults: []nemesis.Fault{nemesis.TermWorker}},
				{Every: 2 * time.Second, Faults: []nemesis.Fault{nemesis.KillProducer}},
			},
		},
		{
			Name: "poison", Title: "some events kill whoever handles them",
			Producer: child.Producer{Rate: 400, Kills: 397, Fails: 53}, Worker: child.Worker{Busy: 2 * time.Millisecond, MaxDeliveries: 5},
			Leases: []time.Duration{300 * time.Millisecond},
		},
		{
			Name: "order", Title: "order of keys inside of workers that are killed and stand still",
			Producer: child.Producer{Rate: 1500, Keys: 40, Fails: 53, Permanent: 997}, Worker: child.Worker{Busy: time.Millisecond, Ordered: true},
			Rules: func(r *history.Rules) { r.Key = child.Key },
			Tracks: []Track{
				{Every: 300 * time.Millisecond, Faults: []nemesis.Fault{nemesis.KillWorker, nemesis.TermWorker}},
				{Every: 500 * time.Millisecond, Faults: []nemesis.Fault{nemesis.StopWorker}},
			},
		},
		{
			Name: "slow", Title: "handlers take several leases, which workers have to keep, and are killed and stand still",
			Producer: child.Producer{Rate: 150, Fails: 53}, Worker: child.Worker{Busy: time.Second, Concurrency: 60},
			Leases: []time.Duration{300 * time.Millisecond},
			Tracks: []Track{{Every: time.Second, Faults: []nemesis.Fault{nemesis.KillWorker, nemesis.StopWorker, nemesis.TermWorker}}},
		},
		{
			Name: "flood", Title: "as many events as the machine takes, while workers are killed now and then",
			Workers: 2, Producers: 1, Producer: child.Producer{Pending: 50_000, Fails: 9973, Most: 1_200_000}, LooseStored: true, Length: 10 * time.Second,
			Worker: child.Worker{Concurrency: 16}, Leases: []time.Duration{2 * time.Second},
			Tracks: []Track{{Every: 2 * time.Second, Faults: []nemesis.Fault{nemesis.KillWorker, nemesis.TermWorker}}},
		},
	}
}

// ofServers are scenarios in which the servers are disturbed, too.
func ofServers() []Scenario {
	busy := child.Worker{Busy: 2 * time.Millisecond}
	kills := Track{Every: 600 * time.Millisecond, Faults: []nemesis.Fault{nemesis.KillWorker, nemesis.KillWorker, nemesis.StopWorker, nemesis.KillProducer}}
	short := []time.Duration{300 * time.Millisecond, 500 * time.Millisecond, time.Second}
	return []Scenario{
		{
			Name: "redis-kill", Title: "Redis, whose file is synced before each reply, is killed, and so are workers", Servers: world.Plan{Kind: world.Always},
			Producer: usual, Worker: busy, Leases: short,
			Tracks: []Track{{Every: 700 * time.Millisecond, Faults: []nemesis.Fault{nemesis.KillRedis}}, kills},
		},
		{
			Name: "everysec", Title: "Redis, whose file is synced every second, is killed, and so are workers", Servers: world.Plan{Kind: world.Everysec},
			Producer: usual, Worker: busy, Leases: short,
			Tracks: []Track{{Every: 2 * time.Second, Faults: []nemesis.Fault{nemesis.KillRedis}}, kills},
		},
		{
			Name: "redis-stall", Title: "Redis stands still, is out of memory, forgets scripts and drops connections", Producer: usual,
			Worker: busy, Leases: short,
			Tracks: []Track{{
				Every:  400 * time.Millisecond,
				Faults: []nemesis.Fault{nemesis.StopRedis, nemesis.KillClients, nemesis.FlushScripts, nemesis.OutOfMemory},
			}, kills},
		},
		{
			Name: "connections", Title: "connections are closed all the time: replies are lost", Producer: usual, Worker: busy, Leases: short,
			Tracks: []Track{{Every: 100 * time.Millisecond, Faults: []nemesis.Fault{nemesis.KillClients, nemesis.FlushScripts}}},
		},
		{
			Name: "outsider", Title: "somebody deletes the names of living workers from the group", Producer: usual, Worker: busy, Leases: short,
			Tracks: []Track{{Every: 300 * time.Millisecond, Faults: []nemesis.Fault{nemesis.DeleteConsumer}}},
		},
		{
			Name: "destroy", Title: "somebody deletes the group", Producer: child.Producer{Rate: 1000, Fails: 53, Permanent: 997}, Worker: busy, Leases: short,
			Tracks: []Track{{Every: 2 * time.Second, Faults: []nemesis.Fault{nemesis.DestroyGroup}}},
		},
		{
			Name: "destroy-dead", Title: "somebody deletes the group while workers are killed, and what those had is behind nobody's back",
			Producer: child.Producer{Rate: 1000, Fails: 53, Permanent: 997}, Worker: child.Worker{Busy: 20 * time.Millisecond, Concurrency: 16}, Leases: []time.Duration{time.Second},
			Tracks: []Track{
				{Every: time.Second, Faults: []nemesis.Fault{nemesis.DestroyGroup}},
				{Every: 300 * time.Millisecond, Faults: []nemesis.Fault{nemesis.KillWorker}},
			},
		},
		{
			Name: "vandal", Title: "somebody flushes Redis, or trims the stream below those who read it", Producer: usual, Worker: busy, Leases: short,
			Tracks: []Track{{Every: 1500 * time.Millisecond, Faults: []nemesis.Fault{nemesis.FlushAll, nemesis.Trim}}, kills},
		},
	}
}

// ofMachines are scenarios in which what servers and processes stand on is disturbed.
func ofMachines() []Scenario {
	busy := child.Worker{Busy: 2 * time.Millisecond}
	kills := Track{Every: time.Second, Faults: []nemesis.Fault{nemesis.KillWorker, nemesis.StopWorker}}
	short := []time.Duration{300 * time.Millisecond, 500 * time.Millisecond, time.Second}
	return []Scenario{
		{
			Name: "power", Title: "the power of Redis, whose file is synced before each reply, is cut", Producer: usual, Worker: busy, Leases: short,
			Servers: world.Plan{Kind: world.Always, Power: true},
			Tracks:  []Track{{Every: 700 * time.Millisecond, Faults: []nemesis.Fault{nemesis.CutPower}}, kills},
		},
		{
			Name: "power-loss", Title: "the power of Redis, whose file is synced every second, is cut, and the file is torn", Producer: usual,
			Worker: busy, Leases: short, Servers: world.Plan{Kind: world.Everysec, Power: true},
			Tracks: []Track{{Every: 3 * time.Second, Faults: []nemesis.Fault{nemesis.CutPower, nemesis.TearFile}}, kills},
		},
		{
			Name: "clock", Title: "the clock of Redis is set forward and back", Producer: usual, Worker: busy, Leases: short,
			Servers: world.Plan{Clock: true},
			// Nobody stands still: who has not seen that the clock went back is misled when it is set right.
			Tracks: []Track{{Every: 700 * time.Millisecond, Faults: []nemesis.Fault{nemesis.ShiftClock}}, {Every: time.Second, Faults: []nemesis.Fault{nemesis.KillWorker}}},
		},
		{
			Name: "disk-full", Title: "the disk of Redis is full, its file synced every second", Producer: usual, Worker: busy, Leases: short,
			Servers: world.Plan{Kind: world.Everysec, SmallDisk: true},
			Tracks:  []Track{{Every: 1500 * time.Millisecond, Faults: []nemesis.Fault{nemesis.FillDisk}}, kills},
		},
		{
			Name: "disk-full-always", Title: "the disk of Redis is full, its file synced before each reply", Producer: usual, Worker: busy, Leases: short,
			Servers: world.Plan{Kind: world.Always, SmallDisk: true},
			Tracks:  []Track{{Every: 1500 * time.Millisecond, Faults: []nemesis.Fault{nemesis.FillDisk}}, kills},
		},
		{
			Name: "network", Title: "lines are slow, silent, down or reset, for some of the processes at a time", Producer: usual, Worker: busy, Leases: short,
			Servers: world.Plan{ProxyCount: 3},
			Tracks:  []Track{{Every: 400 * time.Millisecond, Faults: nemesis.Toxics}, kills},
		},
		{
			Name: "replies", Title: "single replies are lost, cut, held up or late", Producer: usual, Worker: busy, Leases: short,
			Servers: world.Plan{Tapped: true},
			Tracks:  []Track{{Every: 300 * time.Millisecond, Faults: []nemesis.Fault{nemesis.SpoilReplies}}},
		},
		{
			Name: "late-replies", Title: "single replies come when nobody waits for them any more", Producer: usual, Worker: busy, Leases: short[2:],
			Servers: world.Plan{Tapped: true}, Change: func(_ int, t *child.Task) { t.Timeout = 200 * time.Millisecond },
			Tracks: []Track{{Every: 300 * time.Millisecond, Faults: []nemesis.Fault{nemesis.SpoilReplies}}},
		},
		{
			Name: "cables", Title: "packets of some hosts are dropped, one way or both, or reset", Producer: usual, Worker: busy, Leases: short,
			Servers: world.Plan{HostCount: 3},
			Tracks:  []Track{{Every: 700 * time.Millisecond, Faults: nemesis.Cables}, kills},
		},
	}
}

// ofGroups are scenarios of several servers that stand in for each other.
func ofGroups() []Scenario {
	busy := child.Worker{Busy: 2 * time.Millisecond}
	kills := Track{Every: time.Second, Faults: []nemesis.Fault{nemesis.KillWorker, nemesis.StopWorker}}
	leases := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second}
	load := child.Producer{Rate: 1000, Fails: 53, Permanent: 997, Hopeless: 1499}
	large := load
	large.Size = 4096 // so that a replica that lags loses more than what is on its way
	return []Scenario{
		{
			Name: "sentinel", Title: "masters are killed, and sentinels promote replicas, which may lag", Producer: large, Worker: busy, Leases: leases,
			Servers: world.Plan{Kind: world.Sentinel}, Workers: 3, Length: time.Minute,
			Tracks: []Track{{Every: 2 * time.Second, Faults: []nemesis.Fault{nemesis.FailOver, nemesis.FailOverLagging}}, kills},
		},
		{
			Name: "cluster", Title: "masters of a cluster are killed, and replicas take over", Producer: load, Worker: busy, Leases: leases,
			Servers: world.Plan{Kind: world.Cluster}, Workers: 3, Length: time.Minute,
			Tracks: []Track{{Every: 2 * time.Second, Faults: []nemesis.Fault{nemesis.ClusterFailOver}}, kills},
		},
		{
			Name: "slots", Title: "the slot of the stream is moved about in a cluster", Producer: load, Worker: busy, Leases: leases[:2],
			Servers: world.Plan{Kind: world.Cluster}, Workers: 3,
			Tracks: []Track{{Every: time.Second, Faults: []nemesis.Fault{nemesis.MoveSlot}}, kills},
		},
	}
}

// Find is the scenario of that name.
func Find(name string) (Scenario, bool) {
	for _, s := range All() {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}
