package growth

import (
	"github.com/leat-io/leat/bench/result"
)

// Ours is the contender that all curves have; those of takeovers and memory have no
// other, since others keep no leases and no retry set.
const Ours = "leat"

const (
	size     = 200       // bytes of data of an event, where that does not grow
	maxBytes = 200 << 20 // of data in one backlog

	// LargestBacklog is measured of ours alone: to fill it takes longer than all the rest.
	LargestBacklog = 5_000_000
	// dear is how many messages it takes so long to publish that they are used again.
	dear = 1_000_000
)

// scale is how large the points of the curves are.
type scale struct {
	backlogs, payloads, pendings, groups, streams, processes, retries []int

	payloadN, groupsN, streamsN, processesN int // messages
}

var full = scale{
	backlogs:  []int{10_000, 100_000, 1_000_000, LargestBacklog},
	payloads:  []int{100, 1 << 10, 10 << 10, 100 << 10},
	pendings:  []int{10_000, 100_000, 1_000_000},
	groups:    []int{1, 4, 16},
	streams:   []int{1, 10, 100},
	processes: []int{1, 2, 8},
	retries:   []int{1_000, 100_000},

	payloadN: 100_000, groupsN: 30_000, streamsN: 200_000, processesN: 200_000,
}

var quick = scale{
	backlogs:  []int{5_000, 20_000},
	payloads:  []int{100, 10 << 10},
	pendings:  []int{3_000},
	groups:    []int{1, 3},
	streams:   []int{1, 7},
	processes: []int{1, 2},
	retries:   []int{300},

	payloadN: 5_000, groupsN: 3_000, streamsN: 7_000, processesN: 20_000,
}

// Jobs are the points of the curves for one contender. Memory by backlog and by
// pending is read off the workers of those curves: see [Memory].
func Jobs(contender string, isQuick bool) []result.Job {
	s := full
	if isQuick {
		s = quick
	}
	var jobs []result.Job
	add := func(j result.Job) {
		j.Contender = contender
		if j.Payload == 0 {
			j.Payload = size
		}
		jobs = append(jobs, j)
	}
	for _, n := range s.backlogs {
		if n == LargestBacklog && contender != Ours {
			continue
		}
		add(result.Job{Kind: result.GrowBacklog, N: n})
	}
	for _, bytes := range s.payloads {
		n := min(s.payloadN, maxBytes/bytes)
		add(result.Job{Kind: result.GrowPayload, N: n, Payload: bytes, What: WhatPublish})
		add(result.Job{Kind: result.GrowPayload, N: n, Payload: bytes, What: WhatConsume})
	}
	for _, n := range s.groups {
		add(result.Job{Kind: result.GrowGroups, N: s.groupsN, Groups: n})
	}
	for _, n := range s.streams {
		add(result.Job{Kind: result.GrowStreams, N: s.streamsN, Streams: n})
	}
	for _, n := range s.processes {
		add(result.Job{Kind: result.GrowProcesses, N: s.processesN, Processes: n})
	}
	if contender != Ours {
		return jobs
	}
	for _, n := range s.pendings {
		add(result.Job{Kind: result.GrowPending, N: n})
	}
	for _, n := range s.retries {
		add(result.Job{Kind: result.GrowMemory, N: n, What: WhatRetry})
	}
	return jobs
}

// Telling says whether a goal is about the point: it is measured in each round, and
// the others in the first.
func Telling(j result.Job) bool {
	return j.Contender == Ours && (j.Kind == result.GrowBacklog || j.Kind == result.GrowPending || j.Kind == result.GrowMemory)
}

// Keeps tells whether what the measurement of a point begins with is made once, on a
// server of its own, and used again in each round: see [Refill].
func Keeps(j result.Job) bool {
	return Telling(j) && (j.Kind != result.GrowBacklog || j.N >= dear)
}

// What a job is about, where its kind leaves that open.
const (
	WhatPublish = "publish" // of result.GrowPayload
	WhatConsume = "consume"
	WhatBacklog = "backlog" // of result.GrowMemory
	WhatPending = "pending"
	WhatRetry   = "retry"
)

// Memory is the sample of result.GrowMemory that s gives besides: the memory of
// its worker. There is none but for our own workers with a backlog or a takeover.
func Memory(s result.Sample) (result.Sample, bool) {
	what := map[result.Kind]string{result.GrowBacklog: WhatBacklog, result.GrowPending: WhatPending}[s.Kind]
	if what == "" || s.Contender != Ours || s.Error != "" {
		return result.Sample{}, false
	}
	job := s.Job
	job.Kind, job.What = result.GrowMemory, what
	return result.Sample{Job: job, Round: s.Round, PeakRSS: s.PeakRSS}, true
}
