package gauge

import (
	"context"
	"errors"
	"fmt"
)

// ErrMemory is wrapped when the server has too little memory to spare.
var ErrMemory = errors.New("redis has too little memory to spare")

const (
	// spared is the part of the free memory that the run may take, one in so many:
	// the server needs some for the connections' buffers, and others go on adding.
	spared = 4
	// blind is how much is taken where INFO does not tell what there is.
	blind = 16 << 20
)

// budget is how many bytes of the server's memory the events may take now. It is
// less than what was asked for where the server has less to spare, and an error
// where that is not enough to measure anything.
func budget(cfg *Config, i info) (int, error) {
	if i == nil {
		return min(cfg.Memory, blind), nil
	}
	used := int(i.or0("used_memory") - i.or0("mem_not_counted_for_evict"))
	limit, what := int(i.or0("maxmemory")), "maxmemory"
	if limit == 0 {
		limit, what = int(i.or0("total_system_memory")), "the machine's memory"
		used = int(max(i.or0("used_memory_rss"), float64(used)))
	}
	if limit == 0 {
		return cfg.Memory, nil
	}
	budget := min(cfg.Memory, (limit-used)/spared)
	if want := 2 * leastEntries * entrySize(cfg.Payload); budget < want {
		return 0, fmt.Errorf("%w: %s of %s (%s) are in use, and a run with payloads of %d bytes wants %s of what is free, which is a part in %d: free some, or measure a server of the same kind that is empty",
			ErrMemory, bytesText(float64(used)), bytesText(float64(limit)), what, cfg.Payload, bytesText(float64(want)), spared)
	}
	return budget, nil
}

// most is how many events a backlog may have now. There are two at a time, one for
// each way.
func (r *run) most(ctx context.Context) (int, error) {
	i, err := r.observe(ctx)
	if err != nil {
		return 0, err
	}
	bytes, err := budget(&r.cfg, i)
	if err != nil {
		return 0, err
	}
	r.watch(i)
	size := float64(entrySize(r.cfg.Payload))
	if r.facts.EntryBytes != nil {
		size = max(*r.facts.EntryBytes, float64(r.cfg.Payload))
	}
	r.facts.Settings.Memory = min(r.facts.Settings.Memory, int64(bytes))
	return max(leastEntries, int(float64(bytes)/2/size)), nil
}

// weigh finds out what an entry takes in the server's memory.
func (r *run) weigh(ctx context.Context, key string, entries int) error {
	if r.facts.EntryBytes != nil || entries == 0 {
		return nil
	}
	reply, err := r.door.do(ctx, "MEMORY", "USAGE", key)
	if err != nil {
		return tolerate(err)
	}
	if bytes, ok := reply.(int64); ok && bytes > 0 {
		r.facts.EntryBytes = known(float64(bytes) / float64(entries))
	}
	return nil
}
