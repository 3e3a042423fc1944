package crew

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/child"
)

// Plan is what a crew is made of.
type Plan struct {
	// Program is started as a child, with Args; this program itself by default.
	Program string
	Args    []string
	// Dir is where histories are written.
	Dir string
	// Record is where the crew notes what it does to whom.
	Record *history.Writer
	// Worker and Producer are the tasks; Name and History are filled in.
	Worker, Producer child.Task
	// Command makes the command that starts a child of that number; exec.Command by default.
	Command func(number int, program string, args ...string) *exec.Cmd
	// Change adapts a task, whose number is that of its role; nil leaves it.
	Change func(number int, t *child.Task)
}

// Crew is the children of a run. It is safe for concurrent use.
type Crew struct {
	plan   Plan
	forker *forker
	once   sync.Once // of closing it

	mu        sync.Mutex
	workers   []*Process // those that are to live
	producers []*Process
	all       []*Process
	started   map[string]int // by role
	counts    Counts
	ending    bool
	failed    error // of a child that ended by itself
	watching  sync.WaitGroup
}

// Counts are what was done to children.
type Counts struct {
	Spawned int `json:"spawned"`
	Kills   int `json:"kills"`
	Stops   int `json:"stops"`
	Terms   int `json:"terms"`
	// Suicides are workers that their own handler killed.
	Suicides int `json:"suicides"`
}

// New is a crew without anybody. It ends with Discard.
func New(plan Plan) (*Crew, error) {
	if plan.Program == "" {
		exe, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program, to start it as a child: %w", err)
		}
		plan.Program = exe
	}
	if plan.Command == nil {
		plan.Command = func(_ int, program string, args ...string) *exec.Cmd { return exec.Command(program, args...) }
	}
	return &Crew{plan: plan, forker: newForker(), started: map[string]int{}}, nil
}

// AddWorker starts a worker.
func (c *Crew) AddWorker() (*Process, error) { return c.add(child.RoleWorker, c.plan.Worker) }

// AddProducer starts a producer.
func (c *Crew) AddProducer() (*Process, error) { return c.add(child.RoleProducer, c.plan.Producer) }

var errEnding = errors.New("the run is ending")

func (c *Crew) add(role string, task child.Task) (*Process, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending {
		return nil, errEnding
	}
	c.started[role]++
	number := c.started[role]
	task.Role, task.Name = role, fmt.Sprintf("%s-%d", role, number)
	task.History = filepath.Join(c.plan.Dir, task.Name+history.Extension)
	if c.plan.Change != nil {
		c.plan.Change(number, &task)
	}
	p, err := spawn(c.forker, c.plan.Command(number, c.plan.Program, c.plan.Args...), task)
	if err != nil {
		return nil, err
	}
	c.counts.Spawned++
	c.all = append(c.all, p)
	if role == child.RoleWorker {
		c.workers = append(c.workers, p)
	} else {
		c.producers = append(c.producers, p)
	}
	c.watching.Go(func() { c.watch(p) })
	return p, nil
}

// watch sees to a child that ends without our doing: one whose handler killed it is replaced, any other one fails the run.
func (c *Crew) watch(p *Process) {
	<-p.ended
	if p.wasExpected() {
		return
	}
	if p.diedByItself() {
		c.remove(p)
		c.mu.Lock()
		c.counts.Suicides++
		c.mu.Unlock()
		if _, err := c.AddWorker(); err != nil && !errors.Is(err, errEnding) {
			c.fail(err)
		}
		return
	}
	why := errors.New("exit status 0")
	if p.err != nil {
		why = p.err
	}
	c.fail(fmt.Errorf("%s ended by itself: %w%s", p.Name(), why, p.said()))
}

func (c *Crew) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = errors.Join(c.failed, err)
}

// Err is what went wrong with children by itself.
func (c *Crew) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// Counts are what was done so far.
func (c *Crew) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Victim is a worker that has worked, chosen at random; any one when none has, nil when there is none.
func (c *Crew) Victim(rnd *rand.Rand) *Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.workers) == 0 {
		return nil
	}
	for range 2 * len(c.workers) {
		if p := c.workers[rnd.IntN(len(c.workers))]; p.Worked() {
			return p
		}
	}
	return c.workers[rnd.IntN(len(c.workers))]
}

// Workers are the workers that are to live.
func (c *Crew) Workers() []*Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*Process(nil), c.workers...)
}

// Producers are the producers that are to live.
func (c *Crew) Producers() []*Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*Process(nil), c.producers...)
}

// remove takes a process out of those that are to live; false when somebody else has.
func (c *Crew) remove(p *Process) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, list := range []*[]*Process{&c.workers, &c.producers} {
		for i, q := range *list {
			if q == p {
				*list = append((*list)[:i], (*list)[i+1:]...)
				return true
			}
		}
	}
	return false
}

func (c *Crew) count(n *int) {
	c.mu.Lock()
	*n++
	c.mu.Unlock()
}

// Kill kills a child as a node that loses its power does, and waits until it is gone.
func (c *Crew) Kill(p *Process) error {
	if !c.remove(p) {
		return nil
	}
	p.expect()
	if err := c.note(p, history.Crash); err != nil {
		return err
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.ended
	c.count(&c.counts.Kills)
	return nil
}

// Stop makes a child stand still.
func (c *Crew) Stop(p *Process) error {
	if err := c.note(p, history.Stop); err != nil {
		return err
	}
	c.count(&c.counts.Stops)
	return p.signal(syscall.SIGSTOP)
}

// Continue lets it go on.
func (c *Crew) Continue(p *Process) error {
	if err := p.signal(syscall.SIGCONT); err != nil {
		return err
	}
	return c.note(p, history.Cont)
}

// Term tells a child to end, and waits until it has: with 0, and in its time.
func (c *Crew) Term(p *Process, patience time.Duration) error {
	if !c.remove(p) {
		return nil
	}
	p.begun(patience)
	p.expect()
	if err := c.note(p, history.Term); err != nil {
		return err
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	c.count(&c.counts.Terms)
	return p.await(patience)
}

func (c *Crew) note(p *Process, op history.Op) error {
	return c.plan.Record.Write(history.Record{At: history.Now(), Process: p.Name(), Op: op, Outcome: history.OK})
}

// TermAll ends all processes of a list at the same time.
func (c *Crew) TermAll(list []*Process, patience time.Duration) error {
	errs := make([]error, len(list))
	var ending sync.WaitGroup
	for i, p := range list {
		ending.Go(func() { errs[i] = c.Term(p, patience) })
	}
	ending.Wait()
	return errors.Join(errs...)
}

// End marks that nobody is replaced any more.
func (c *Crew) End() {
	c.mu.Lock()
	c.ending = true
	c.mu.Unlock()
}

// Discard kills whoever is left. Nobody can be started after it.
func (c *Crew) Discard() {
	c.End()
	c.mu.Lock()
	all := c.all
	c.mu.Unlock()
	for _, p := range all {
		p.expect()
		_ = p.signal(syscall.SIGKILL)
		<-p.ended
	}
	c.watching.Wait()
	c.once.Do(c.forker.close)
}

// IsEnding tells whether a child was not started because the run is ending.
func IsEnding(err error) bool { return errors.Is(err, errEnding) }
