package durability

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Options are how much is measured. The zero value measures everything, in about an hour.
type Options struct {
	Repetitions int           // rounds of a cell; 0: 5
	Load        time.Duration // how long is published before a fault, and up to half as long again; 0: 2 s
	Lag         time.Duration // how long replicas that are to lag stand still; 0: 1 s; see LagBytes
	LagBytes    int           // of events that such a replica lacks at the least, if that takes no longer than ten Lags; 0: 16 MiB
	Payloads    []int         // bytes of data of an event; none: 200 and 4,096
	Faults      []string      // names; none: all
	Levels      []string      // names; none: all
	Server      string        // program; empty: redis-server. WAITAOF is measured on a newer one where that has none
	Seed        uint64        // of when faults come; 0: any
	// Before is a run that was ended early, or had fewer repetitions: its rounds are kept, and those that it lacks are made.
	Before *Table
	// Log is told of each round. May be nil.
	Log func(line string)
}

func (o *Options) complete() error {
	if o.Repetitions == 0 {
		o.Repetitions = 5
	}
	if o.Load == 0 {
		o.Load = 2 * time.Second
	}
	if o.Lag == 0 {
		o.Lag = time.Second
	}
	if o.LagBytes == 0 {
		o.LagBytes = 16 << 20 // sockets hold some megabytes, which a replica gets from a dead master, too
	}
	if len(o.Payloads) == 0 {
		o.Payloads = []int{200, 4096}
	}
	if o.Server == "" {
		o.Server = "redis-server"
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	var errs []error
	if o.Repetitions < 0 || o.Load < 0 || o.Lag < 0 || slices.Min(o.Payloads) < 0 {
		errs = append(errs, errors.New("repetitions, load, lag and payloads: want none below 0"))
	}
	for _, name := range o.Faults {
		if !slices.ContainsFunc(Faults(), func(f Fault) bool { return f.Name == name }) {
			errs = append(errs, fmt.Errorf("fault %q is not known", name))
		}
	}
	for _, name := range o.Levels {
		if !slices.ContainsFunc(Levels(), func(l Level) bool { return l.Name == name }) {
			errs = append(errs, fmt.Errorf("level %q is not known", name))
		}
	}
	return errors.Join(errs...)
}

// wanted tells whether a name is among those asked for, or none is.
func wanted(names []string, name string) bool { return len(names) == 0 || slices.Contains(names, name) }
