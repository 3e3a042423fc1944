package durability

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/test/faults/needs"
	"github.com/leat-io/leat/test/faults/power"
	"github.com/leat-io/leat/test/faults/world"
)

// Measure measures every cell that Options ask for. A round that goes wrong is noted in its cell, and what this machine cannot do
// in Cell.Unavailable; an error is about all of it. When ctx ends, the table has the rounds that were made before, for
// Options.Before.
func Measure(ctx context.Context, o Options) (Table, error) {
	if err := o.complete(); err != nil {
		return Table{}, fmt.Errorf("measure durability: %w", err)
	}
	m := measurement{options: o, rnd: rand.New(rand.NewPCG(o.Seed, 1))}
	if err := m.programs(); err != nil {
		return Table{}, fmt.Errorf("measure durability: %w", err)
	}
	m.table = Table{
		Measured: time.Now().UTC().Truncate(time.Second), Server: m.server.version, Newer: m.newer.version,
		System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(),
		Repetitions: o.Repetitions, Load: o.Load.Seconds(), Lag: o.Lag.Seconds(), LagBytes: o.LagBytes, Seed: o.Seed,
		Faults: Faults(), Levels: Levels(),
	}
	m.plan()
	// One round of each cell, and then another: what else the machine does in an hour is spread over all of them.
	var err error
	for n := range o.Repetitions {
		for _, c := range m.cells {
			if err == nil && !m.table.Cells[c.at].has(n) {
				err = m.round(ctx, c, n)
			}
		}
	}
	m.table.sum()
	return m.table, err
}

type measurement struct {
	options       Options
	rnd           *rand.Rand
	server, newer program
	table         Table
	cells         []*plannedCell // that can be measured
}

// program is a redis-server.
type program struct {
	path, version string
	waitsForDisk  bool // has WAITAOF
}

// plannedCell is where a cell is in the table, and what it takes.
type plannedCell struct {
	at      int
	fault   Fault
	level   Level
	payload int
}

// programs finds the server, and a newer one if that has no WAITAOF.
func (m *measurement) programs() (err error) {
	if m.server, err = identify(m.options.Server); err != nil {
		return err
	}
	m.newer = m.server
	if m.server.waitsForDisk {
		return nil
	}
	host := &world.Host{}
	defer host.Close()
	return world.Try(func() {
		if path, ok := redistest.Newest(host); ok {
			if m.newer, err = identify(path); err != nil {
				host.Fatal(err)
			}
		}
	})
}

// identify starts a server for a moment.
func identify(name string) (p program, err error) {
	if p.path, err = exec.LookPath(name); err != nil {
		return p, fmt.Errorf("find a server: %w", err)
	}
	host := &world.Host{}
	defer host.Close()
	err = world.Try(func() {
		client := redistest.Start(host, redistest.Binary(p.path)).Client(host)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for line := range strings.SplitSeq(client.Info(ctx, "server").Val(), "\r\n") {
			for _, field := range []string{"redis_version:", "valkey_version:"} {
				if v, ok := strings.CutPrefix(line, field); ok {
					p.version = strings.TrimSuffix(field, "_version:") + " " + v
				}
			}
		}
		commands, err := client.Command(ctx).Result()
		if err != nil {
			host.Fatal(err)
		}
		_, p.waitsForDisk = commands["waitaof"]
	})
	return p, err
}

// plan lists the cells.
func (m *measurement) plan() {
	for _, f := range Faults() {
		for _, l := range Levels() {
			if !wanted(m.options.Faults, f.Name) || !wanted(m.options.Levels, l.Name) {
				continue
			}
			for _, payload := range m.options.Payloads {
				cell := Cell{Fault: f.Name, Level: l.Name, Payload: payload, Server: m.server.version, LosesNothing: f.keepsAll(l.Name), Rounds: []Round{}}
				why, ok := f.saysSomethingAbout(&l)
				switch {
				case !ok:
					cell.LeftOut = why
				case l.Fsync && !m.newer.waitsForDisk:
					cell.Unavailable = "WAITAOF needs Redis 7.2: run scripts/fetch-redis.sh"
				default:
					if l.Fsync {
						cell.Server = m.newer.version
					}
					m.cells = append(m.cells, &plannedCell{len(m.table.Cells), f, l, payload})
				}
				if m.options.Before != nil {
					cell.take(m.options.Before)
				}
				m.table.Cells = append(m.table.Cells, cell)
			}
		}
	}
}

// tries is how often a round is begun anew that could not be carried out: a machine that is busy may miss a start.
const tries = 2

// round measures a cell once more. An error ends all of it.
func (m *measurement) round(ctx context.Context, c *plannedCell, repetition int) error {
	cell := &m.table.Cells[c.at]
	load := m.options.Load + time.Duration(m.rnd.Int64N(int64(m.options.Load)/2+1))
	for range tries {
		out, err := m.tryRound(ctx, c, load)
		switch {
		case err == nil:
			out.Repetition, out.Busy = repetition, loadAverage()
			cell.Rounds = append(cell.Rounds, out)
			m.options.Log(fmt.Sprintf("%-13s %-9s %4d B: acknowledged %7d at %7.0f/s, lost %6d (%6.0f ms), weak %5d (%5d lost), unknown %5d, refused %5d, extra %5d",
				c.fault.Name, c.level.Name, c.payload, out.Acknowledged, out.Throughput, out.Lost, out.Window, out.Weak, out.WeakLost, out.Unknown, out.Refused, out.Extra))
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("measure durability: %w", context.Cause(ctx))
		case errors.Is(err, needs.ErrUnavailable):
			cell.Unavailable = err.Error()
			return nil
		}
		m.options.Log(fmt.Sprintf("%-13s %-9s %4d B: %v", c.fault.Name, c.level.Name, c.payload, err))
		cell.Failed = append(cell.Failed, err.Error())
	}
	return nil
}

func (m *measurement) tryRound(ctx context.Context, c *plannedCell, load time.Duration) (Round, error) {
	server := m.server.path
	if c.level.Fsync {
		server = m.newer.path
	}
	if c.fault.power {
		var err error
		if server, err = power.Launcher(ctx, server); err != nil {
			return Round{}, err
		}
	}
	r := round{ctx: ctx, level: &c.level, load: c.level.load(load), lag: m.options.Lag, behind: m.options.LagBytes, payload: c.payload}
	r.options = []redistest.Option{redistest.Binary(server)}
	return r.run(&c.fault)
}

// loadAverage is how many processes have wanted a CPU in the last minute; 0 where that cannot be had.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	var one float64
	_, _ = fmt.Sscan(string(text), &one)
	return one
}
