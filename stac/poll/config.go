package poll

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stream"
)

// What a zero value of Config and Source means.
const (
	DefaultInterval = time.Minute
	// DefaultLease is how long a source stands still after its poller was killed.
	DefaultLease = 30 * time.Second
	// DefaultBatch is how many items one script publishes: some 5 ms of Redis.
	DefaultBatch = 200
	// DefaultProbeEvery is how long a plan is kept.
	DefaultProbeEvery = 24 * time.Hour
	// DefaultMaxDeleted is a half.
	DefaultMaxDeleted = 0.5
)

// Config is what a [Poller] does.
type Config struct {
	// Stream is where events go, of sources that name none.
	Stream string
	// Producer is who publishes, a field of each event, of sources that name none.
	// May be empty.
	Producer string
	// Sources are polled side by side. One at the least, with names that differ.
	Sources []Source

	// Lease is how long a source stays with a poller that does not answer any more;
	// 30 seconds by default, 100 ms at the least. The same in all replicas.
	Lease time.Duration
	// Batch is how many items one script publishes; 200 by default, 1,000 at the most.
	Batch int
	// Payload is what the data of events is; a link by default.
	Payload Payload
	// MaxEventBytes is how large an event may be, as [stream.Event.Size] counts;
	// 64 KiB by default.
	MaxEventBytes int
	// ProbeEvery is after what time a server is probed anew; 24 hours by default.
	ProbeEvery time.Duration

	// Hooks are told what happens.
	Hooks Hooks
	// Logger gets a line when a strategy is chosen, a lease changes hands, a pass
	// fails, and when a server is not to be trusted. Nil is silent.
	Logger *zap.Logger
	// Now is the clock; nil: the machine's.
	Now func() time.Time
}

// Source is one API, or one static catalog, and which items of it are wanted.
type Source struct {
	// Name is what is remembered of the source goes by. By default it is made of
	// the URL, the collections and a hash of what else the query has, so that
	// another query is another source. All replicas have the same.
	Name string
	// Client is how the server is reached. Its Cache is set by the poller for static
	// catalogs where it is nil.
	Client stac.ClientConfig
	// Query is which items are wanted. Updated, Grammar and Sort are the poller's.
	Query stac.Query
	// Strategy is how new and changed items are found; Auto by default.
	Strategy Strategy
	// Start is from when on items are published when the source is polled for the
	// first time. Required then, ignored later.
	Start Start

	// Interval is from the beginning of one pass to that of the next; 1 minute by
	// default, 1 ms at the least.
	Interval time.Duration
	// Reconcile is from the beginning of one full sweep to that of the next, beside
	// the passes of Updated or Rescan; 0: never. Deletions, and old items
	// that come late, are found by it alone.
	Reconcile time.Duration
	// Overlap is how far each pass of Updated looks back behind its watermark, and
	// each of Rescan behind the last one. 0: what the publication lag that was
	// measured asks for, an hour or three days before it is known.
	Overlap time.Duration
	// MaxDeleted is the part of the known items that a sweep may find deleted before
	// it is not believed, above 0 to 1; 0: a half. Up to 100 items are always
	// believed.
	MaxDeleted float64

	// Stream and Producer are used instead of those of Config.
	Stream, Producer string
}

// Start is from when on items are published. Items from before are remembered as
// known: what becomes of them later is published.
type Start struct {
	kind  startKind
	since time.Time
}

type startKind uint8

const (
	startUnsaid startKind = iota
	startNow
	startSince
)

// FromNow begins with what is taken, created or updated from the first pass on.
func FromNow() Start { return Start{kind: startNow} }

// Since begins with what was taken, created or updated at t or later. The zero
// time is everything.
func Since(t time.Time) Start { return Start{kind: startSince, since: t.UTC()} }

// complete fills defaults in and joins everything that is wrong.
func (c Config) complete() (Config, error) {
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("stac poller config: "+format, args...))
		}
	}
	def(&c.Lease, DefaultLease)
	def(&c.Batch, DefaultBatch)
	def(&c.MaxEventBytes, DefaultMaxEventBytes)
	def(&c.ProbeEvery, DefaultProbeEvery)
	want(c.Lease >= 100*time.Millisecond, "Lease is %s, want 100ms at the least", c.Lease)
	want(c.Batch > 0 && c.Batch <= 1000, "Batch is %d, want 1 to 1000", c.Batch)
	want(c.MaxEventBytes >= 1024, "MaxEventBytes is %d, want 1024 at the least", c.MaxEventBytes)
	want(c.ProbeEvery > 0, "ProbeEvery is %s, want more than 0", c.ProbeEvery)
	want(len(c.Sources) > 0, "there is no source")
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Hooks = c.Hooks.fill()
	c.Sources = slices.Clone(c.Sources)
	names := map[string]bool{}
	for i := range c.Sources {
		s := &c.Sources[i]
		s.complete(&c, func(ok bool, format string, args ...any) {
			want(ok, "source %q: %w", s.Name, fmt.Errorf(format, args...))
		})
		want(!names[s.Stream+"\n"+s.Name], "source %q is there twice: give one another Name", s.Name)
		names[s.Stream+"\n"+s.Name] = true
	}
	return c, errors.Join(errs...)
}

func (s *Source) complete(c *Config, want func(ok bool, format string, args ...any)) {
	def(&s.Stream, c.Stream)
	def(&s.Producer, c.Producer)
	def(&s.Interval, DefaultInterval)
	def(&s.MaxDeleted, DefaultMaxDeleted)
	if s.Name == "" {
		s.Name = s.usualName()
	}
	_, err := stream.KeysOf(s.Stream)
	want(err == nil, "Stream: %w", err)
	want(s.Strategy <= Reconcile, "Strategy is %s", s.Strategy)
	want(s.Interval >= time.Millisecond, "Interval is %s, want 1ms at the least", s.Interval)
	want(s.Reconcile == 0 || s.Reconcile >= time.Millisecond, "Reconcile is %s, want 1ms at the least, or 0 for never", s.Reconcile)
	want(s.Overlap == 0 || s.Overlap > time.Second, "Overlap is %s, want more than 1s: servers compare times as text", s.Overlap)
	want(s.MaxDeleted > 0 && s.MaxDeleted <= 1, "MaxDeleted is %g, want more than 0, and 1 at the most", s.MaxDeleted)
	want(s.Query.Updated.IsZero() && s.Query.Grammar == stac.GrammarNone && len(s.Query.Sort) == 0, "Query: Updated, Grammar and Sort are the poller's own")
	err = s.Query.Validate()
	want(err == nil, "%w", err)
}

// usualName is the URL without what is before the host, the collections, and a
// hash of the rest of the query where there is a rest.
func (s *Source) usualName() string {
	u, err := url.Parse(s.Client.URL)
	if err != nil {
		return "?" // the client's own check says what is wrong
	}
	name := u.Host + strings.TrimSuffix(u.EscapedPath(), "/")
	if len(s.Query.Collections) > 0 {
		name += "/" + strings.Join(slices.Sorted(slices.Values(s.Query.Collections)), "+")
	}
	rest := s.Query
	rest.Collections = nil
	if print, none := fingerprint(rest), fingerprint(stac.Query{}); print != none {
		name += "~" + print[:8]
	}
	return name
}

// fingerprint is the same for queries that ask for the same items.
func fingerprint(q stac.Query) string {
	q.Limit, q.Distrust, q.Grammar, q.Sort = 0, false, 0, nil
	q.Collections = slices.Sorted(slices.Values(q.Collections))
	q.IDs = slices.Sorted(slices.Values(q.IDs))
	for _, raw := range []*json.RawMessage{&q.Intersects, &q.Filter.JSON, &q.Query} {
		if len(*raw) == 0 {
			*raw = json.RawMessage("null")
		}
	}
	text, err := json.Marshal(q)
	if err != nil { // no JSON: the query's own check says so
		text = fmt.Appendf(nil, "%+v", q)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

func def[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}
