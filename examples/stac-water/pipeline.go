package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/internal/embedded"
	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stac/pollmetrics"
	"github.com/leat-io/leat/stream"
)

// patience is for how long a step may take before the example fails.
const patience = 2 * time.Minute

// keys are the names in Redis. All share a hash tag, so that a cluster has them in one
// place.
type keys struct{ items, areas, rows, byArea string }

func names(prefix string) keys {
	return keys{prefix + ":items", prefix + ":areas", prefix + ":scenes", prefix + ":by-area"}
}

// pipeline is all that runs.
type pipeline struct {
	options
	prefix  string
	url     string // of the catalog
	catalog *catalog
	conn    *stream.Conn
	table   *table
	metrics *prometheus.Registry
	out     io.Writer
}

// run makes the catalog, has it worked off, changes it, and compares.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("it takes too long"))
	defer cancel()
	p := &pipeline{options: o, prefix: "{stac-water-" + rand.Text()[:8] + "}", metrics: prometheus.NewRegistry(), out: out}
	dir, err := os.MkdirTemp("", "stac-water-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is a temporary folder
	if p.catalog, err = newCatalog(dir, o.scenes); err != nil {
		return fmt.Errorf("make a catalog: %w", err)
	}
	hide, err := p.serve(dir)
	if err != nil {
		return err
	}
	defer hide()
	if p.redis == "" {
		broker, err := embedded.Start(ctx)
		if err != nil {
			return err
		}
		defer broker.Close() //nolint:errcheck // the process ends
		p.redis = broker.URL()
	}
	if p.conn, err = stream.Dial(ctx, p.redis); err != nil {
		return err
	}
	defer p.conn.Close() //nolint:errcheck // nothing is under way
	defer func() { err = errors.Join(err, p.forget()) }()
	k := names(p.prefix)
	p.table = &table{conn: p.conn, rows: k.rows, byArea: k.byArea}
	return p.stages(ctx)
}

// serve answers with the files of a folder, on this machine alone.
func (p *pipeline) serve(dir string) (hide func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(dir)), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends by Close
	p.url = "http://" + listener.Addr().String() + "/catalog.json"
	return func() { _ = server.Close() }, nil
}

// stages are what happens, one after the other, while the second worker runs.
func (p *pipeline) stages(ctx context.Context) error {
	store, err := consumer.New(p.conn, p.table.mux().Dispatch, consumer.Config{
		Group: "store", Streams: []string{names(p.prefix).areas}, Lease: lease,
		OrderBy: func(d *stream.Delivery) string { return d.Subject },
		Hooks:   metrics.New(p.metrics).Consumer(),
	})
	if err != nil {
		return err
	}
	storing, stored := context.WithCancel(ctx)
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error { return store.Run(storing) })
	group.Go(func() error {
		defer stored()
		return p.story(inner)
	})
	return group.Wait()
}

// story polls twice: a catalog that is new, and one in which a scene was changed and
// another one taken away. One worker is killed in the middle.
func (p *pipeline) story(ctx context.Context) error {
	poller, err := poll.New(p.conn, poll.Config{
		Stream: names(p.prefix).items, Producer: "stac-water", Hooks: pollmetrics.New(p.metrics).Hooks(),
		Sources: []poll.Source{{Name: "lakes", Client: local(p.url), Start: poll.Since(time.Time{})}},
	})
	if err != nil {
		return err
	}
	defer poller.Close()
	p.say("the catalog at %s has %d scenes", p.url, len(p.catalog.scenes))
	if err := poller.Once(ctx); err != nil {
		return err
	}
	args := []string{"--redis", p.redis, "--catalog", p.url, "--prefix", p.prefix}
	victim, err := startWorker(append(args, "--stall", "2")...)
	if err != nil {
		return err
	}
	scene, err := victim.begins(ctx, 2)
	victim.kill()
	if err != nil {
		return err
	}
	p.say("a worker is killed in the middle of %s; it held up to 5 scenes", scene)
	worker, err := startWorker(args...)
	if err != nil {
		return err
	}
	err = p.settle(ctx, poller)
	return errors.Join(err, worker.stop())
}

// settle waits until all is measured, changes the catalog, waits again, and reports.
func (p *pipeline) settle(ctx context.Context, poller *poll.Poller) error {
	if err := p.stored(ctx); err != nil {
		return err
	}
	p.say("all %d scenes are in the table", len(p.catalog.scenes))
	if err := p.catalog.change(); err != nil {
		return err
	}
	if err := poller.Once(ctx); err != nil {
		return err
	}
	if err := p.stored(ctx); err != nil {
		return err
	}
	p.say("a scene was changed and another one taken away: the table has that, too")
	rows, err := p.table.all(ctx)
	if err != nil {
		return err
	}
	return errors.Join(report(p.out, rows, p.catalog.truth), p.figures(map[string]int{"create": p.scenes, "replace": 1, "delete": 1}))
}

// stored waits until both workers have settled all that there is.
func (p *pipeline) stored(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		settled, err := p.settled(ctx)
		if err != nil || settled {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for the workers: %w", context.Cause(ctx))
		}
	}
}

// settled tells whether nothing is left: not with the first worker, then not with the
// second, who gets what the first one publishes before it has settled.
func (p *pipeline) settled(ctx context.Context) (bool, error) {
	k := names(p.prefix)
	for _, one := range []struct{ stream, group string }{{k.items, "measure"}, {k.areas, "store"}} {
		g, err := p.conn.Group(one.stream, one.group, stream.DeadLetter{})
		if err != nil {
			return false, err
		}
		info, err := g.Info(ctx)
		switch {
		case stream.Classify(err) == stream.ClassNoGroup: // its worker has not begun
			return false, nil
		case err == nil && info.Dead > 0:
			return false, fmt.Errorf("%d dead letters of group %s: --keep leaves them for leat dead list", info.Dead, one.group)
		case err != nil || info.Pending > 0 || info.Lag != 0:
			return false, err
		}
	}
	return true, nil
}

// forget removes everything from Redis: all keys have the prefix in their names.
func (p *pipeline) forget() error {
	if p.keep {
		p.say("what is in Redis has %s in its names", p.prefix)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	at := names(p.prefix).items
	for cursor := "0"; ; {
		reply, err := p.conn.Do(ctx, at, "SCAN", cursor, "MATCH", "*"+p.prefix+"*", "COUNT", 1000)
		list, _ := reply.([]any)
		if err != nil || len(list) != 2 {
			return fmt.Errorf("clean up: %w", errors.Join(err, errors.ErrUnsupported))
		}
		found, _ := list[1].([]any)
		for _, key := range found {
			if _, err := p.conn.Do(ctx, at, "DEL", key); err != nil {
				return fmt.Errorf("clean up: %w", err)
			}
		}
		if cursor, _ = list[0].(string); cursor == "0" {
			return nil
		}
	}
}

func (p *pipeline) say(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...)
}
