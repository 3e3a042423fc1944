package gauge

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/leat-io/leat/internal/bare"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// ErrInterrupted is what Run returns when its context ended.
var ErrInterrupted = errors.New("bench interrupted: its keys are deleted")

// run is one run.
type run struct {
	cfg    Config
	random string
	door   *door
	conn   *stream.Conn // leat's own, without hooks
	ways   []way        // leat first
	screen *screen
	facts  Facts
	marks  tallies

	infoRefused error    // why INFO is not asked for
	first       info     // of the run
	streams     int      // made so far
	names       []string // of all streams that were made
	ticks       ticks    // when it began
}

// Report is what came of a run.
type Report struct {
	Facts
	Findings []Finding `json:"findings"`
}

// Run measures. It deletes its keys whatever happens. Errors say what to do about
// them; a run that was interrupted is [ErrInterrupted].
func Run(ctx context.Context, cfg Config) (_ *Report, err error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	r := &run{cfg: cfg, random: newRandom(), marks: newTallies(), ticks: machineTicks()}
	r.screen = newScreen(cfg.Progress)
	defer r.screen.close()
	r.door, err = newDoor(ctx, cfg, streamName(cfg.Prefix, r.random, ""))
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	defer func() { _ = r.door.conn.Close() }()
	began := time.Now()
	err = r.measure(ctx)
	if left := r.cleanUp(ctx); left != nil {
		return nil, errors.Join(r.explain(interrupted(ctx, err)), left)
	}
	if err != nil {
		return nil, r.explain(interrupted(ctx, err))
	}
	r.facts.Seconds = time.Since(began).Seconds()
	r.marks.into(&r.facts)
	return &Report{Facts: r.facts, Findings: Advise(&r.facts)}, nil
}

// interrupted makes one plain error of all that comes of a context that ended.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ErrInterrupted
	}
	return err
}

// explain says what to do about errors that say something of the server.
func (r *run) explain(err error) error {
	where := r.door.conn.String()
	switch {
	case err == nil, errors.Is(err, ErrInterrupted), errors.Is(err, ErrMemory):
		return err
	case errors.Is(err, producer.ErrOutOfMemory), codeOf(err) == "OOM":
		return fmt.Errorf("bench of %s: it came to its maxmemory while events were added (others add as well), and evicts nothing; the run's keys are deleted: free some, or give the run less memory: %w", where, err)
	case codeOf(err) == "READONLY":
		return fmt.Errorf("bench of %s: %w", where, errReplica)
	case codeOf(err) == "NOPERM":
		return fmt.Errorf("bench of %s: this user may not do what producers and consumers do: %w", where, err)
	}
	return fmt.Errorf("bench of %s: %w", where, err)
}

// measure is the run, but for what comes before and after.
func (r *run) measure(ctx context.Context) error {
	first, err := r.observe(ctx)
	if err != nil {
		return err
	}
	r.first = first
	if first["role"] == "slave" {
		return stream.ServerError("READONLY it is a replica")
	}
	if err := r.lookAround(ctx); err != nil {
		return err
	}
	if _, err := r.most(ctx); err != nil {
		return err
	}
	if err := r.before(ctx); err != nil {
		return err
	}
	if r.conn, err = r.cfg.Dial(ctx); err != nil {
		return err
	}
	leat, err := newLeatWay(&r.cfg, r.conn)
	if err != nil {
		return err
	}
	r.ways = []way{leat}
	if err := r.openBare(ctx); err != nil {
		return err
	}
	if err := r.rounds(ctx); err != nil {
		return err
	}
	return r.after(ctx)
}

// openBare opens the way of the bare protocol, or says why there is none.
func (r *run) openBare(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	way, err := newBareWay(within, &r.cfg, r.door)
	if err == nil {
		r.ways = append(r.ways, way)
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	r.facts.BareLeftOut = err.Error()
	return nil
}

// cleanUp ends what could still write, then deletes all keys. Each has its own time: a
// server that hangs uses up that of the ending.
func (r *run) cleanUp(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	unsure := r.closeWays(ctx)
	if len(r.ways) == 0 && r.conn != nil {
		_ = r.conn.Close()
	}
	if len(r.names) == 0 {
		return nil
	}
	r.screen.say(deleting)
	r.cfg.stage(deleting)
	ctx, cancel := context.WithTimeout(ctx, 2*r.door.conn.Timeout())
	defer cancel()
	return r.eraseAll(ctx, unsure)
}

// closeWays ends the producers and consumers, and tells whether events of theirs may
// still be on their way.
func (r *run) closeWays(ctx context.Context) (unsure bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*r.door.conn.Timeout())
	defer cancel()
	for _, w := range r.ways {
		_ = w.close(ctx) // what it says of events has been said
		unsure = unsure || w.unsure()
	}
	return unsure
}

// deleting is shown at the end.
const deleting = "deleting the run's keys"

// lookAround notes what the server and the machine are like.
func (r *run) lookAround(ctx context.Context) error {
	f := &r.facts
	f.Redis = r.door.conn.String()
	how, err := r.door.way(ctx)
	if err != nil && ctx.Err() != nil {
		return err
	}
	f.TLS, f.Loopback = how.tls, how.loopback
	f.Server = serverOf(r.first)
	f.Settings = Settings{
		Payload: r.cfg.Payload, Concurrency: r.cfg.Concurrency, Prefetch: r.cfg.Prefetch, Memory: int64(r.cfg.Memory), MemoryAsked: int64(r.cfg.Memory),
	}
	f.Machine = Machine{
		Cores: runtime.NumCPU(), Procs: runtime.GOMAXPROCS(0), LoadAverage: loadAverage(), HugePages: hugePages(),
	}
	if f.Server == nil {
		f.unseen("the server's load, memory and role: %s", firstLine(r.infoRefused))
		return nil
	}
	fsync, refused, err := r.setting(ctx, "appendfsync")
	if err != nil {
		return err
	}
	save, _, err := r.setting(ctx, "save")
	if err != nil {
		return err
	}
	f.Server.Fsync, f.Server.Save, f.Server.SaveKnown = fsync, save, refused == nil
	if refused != nil {
		f.unseen("appendfsync and save: %s", firstLine(refused))
	}
	if _, ok := r.first.sum("used_cpu_sys", "used_cpu_user"); !ok {
		f.unseen("the server's processor time: its INFO does not tell")
	}
	return nil
}

func (f *Facts) unseen(format string, args ...any) {
	f.Unseen = append(f.Unseen, fmt.Sprintf(format, args...))
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// quiet is how long the server's load is looked at before anything is asked of it.
func quiet(duration time.Duration) time.Duration { return min(duration/20, 500*time.Millisecond) }

// before looks at what others ask of the server.
func (r *run) before(ctx context.Context) error {
	r.screen.say("looking at the server's load")
	from, err := r.read(ctx)
	if err != nil {
		return err
	}
	if err := wait(ctx, quiet(r.cfg.Duration)); err != nil {
		return err
	}
	to, err := r.read(ctx)
	if err != nil {
		return err
	}
	u := usage(from, to)
	r.facts.Before.MainThread = u.MainThread
	if more := to.info.or0("total_commands_processed") - from.info.or0("total_commands_processed"); to.info != nil && u.Seconds > 0 {
		r.facts.Before.PerSecond = known(max(0, more-1) / u.Seconds) // but for our own INFO
	}
	return nil
}

// watch notes what the server does beside its work.
func (r *run) watch(i info) {
	if i["rdb_bgsave_in_progress"] == "1" || i["aof_rewrite_in_progress"] == "1" {
		r.facts.During.Saving = true
	}
	if s := r.facts.Server; s != nil && i["io_threads_active"] == "1" {
		s.IOThreads = true
	}
}

// after notes what happened on the server during the run.
func (r *run) after(ctx context.Context) error {
	last, err := r.observe(ctx)
	if err != nil {
		return err
	}
	r.watch(last)
	more := func(name string) int { return max(0, int(last.or0(name)-r.first.or0(name))) }
	d := &r.facts.During
	d.Forks, d.Evicted, d.DelayedFsyncs = more("total_forks"), more("evicted_keys"), more("aof_delayed_fsync")
	if d.Forks > 0 {
		d.LatestFork = last.or0("latest_fork_usec") / 1000
	}
	r.facts.Machine.Stolen = r.ticks.stolenUntil(machineTicks())
	return nil
}

// tolerate lets pass what a user may not do, or a server does not know.
func tolerate(err error) error {
	if stream.Classify(err) == stream.ClassRejected {
		return nil
	}
	return err
}

// codeOf is the first word of an error reply, whichever way it came.
func codeOf(err error) string {
	var reply bare.ServerError
	if errors.As(err, &reply) {
		code, _, _ := strings.Cut(string(reply), " ")
		return code
	}
	return stream.Code(err)
}
