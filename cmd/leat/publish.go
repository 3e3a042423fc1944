package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/leat-io/leat/internal/ndjson"
	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

const publishHelp = `publish adds one event to a stream and prints the ID of its entry, or adds many from
a file or stdin (-) of newline-delimited JSON and prints how many are stored.

One event: its data is --data, its other attributes are the flags'. The content type
is application/json where the data is JSON, text/plain where it is text.

Many: a line is a CloudEvent in JSON (it has "specversion") or any other JSON
object, which becomes the data of an event with the attributes of the flags. Empty
lines are passed over. A bad line is reported with its number; --on-error stop (the
default) ends there with exit code 1, what came before is stored; skip goes on,
counts, and exits 0. When Redis does not take an event, both end with exit code 1 and
say which lines are not stored, and of which it is not known.

With --replicas an event counts as stored when that many replicas of the master have
it, too; with --fsync when it is on disk, there and with the master. One that does not
get that far in --durability-timeout is in the stream all the same: that is reported,
with exit code 1, and nothing is sent again.

--producer is stored with each event as the extension "producer", and is the source
of events that have none. STREAM may come from LEAT_STREAM or STREAM.`

// defaultType is the type of events that nobody gave one.
const defaultType = "io.leat.event"

// defaultMaxEvent is more than the library's limit: who publishes a file wants to
// see it arrive.
const defaultMaxEvent = 16 << 20

func newPublishCommand(a *app) *cobra.Command {
	p := &publish{app: a}
	cmd := &cobra.Command{
		Use:     "publish STREAM [--data D | --file F.ndjson | -]",
		Short:   "Add one event, or many from newline-delimited JSON",
		Long:    publishHelp,
		Example: "  leat publish orders --type order.placed --data '{\"order\": 17}'\n  leat publish orders --type order.placed --file orders.ndjson",
		Args:    atMost(2),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.run(cmd, args) },
	}
	p.register(cmd)
	return cmd
}

// publish is `leat publish`.
type publish struct {
	app *app

	eventType, subject, source, id string
	data, file, contentType        string
	producer                       string
	extensions                     []string
	rate                           float64
	replicas                       int
	fsync                          bool
	durabilityTimeout              time.Duration
	onError                        onError
	maxEvent                       int
	output                         outputFlag

	stream string
	lines  bool // newline-delimited JSON, of file
	hasData,
	hasType bool
	extra map[string]string
}

// onError is --on-error.
type onError string

// Set takes stop or skip.
func (o *onError) Set(s string) error { return setOneOf((*string)(o), s, "stop", "skip") }
func (o *onError) String() string     { return string(*o) }

// Type is what help calls the value.
func (o *onError) Type() string { return "stop|skip" }

func (p *publish) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&p.eventType, "type", defaultType, "`TYPE` of the event")
	flags.StringVar(&p.subject, "subject", "", "`SUBJECT` of the event")
	flags.StringVar(&p.source, "source", "", "`SOURCE` of the event, a URI reference (--producer, or leat/ and the host's name)")
	flags.StringVar(&p.id, "id", "", "`ID` of the event, one event only (a new UUID)")
	flags.StringVar(&p.data, "data", "", "`DATA` of one event")
	flags.StringVar(&p.file, "file", "", "`FILE` of newline-delimited JSON, - for stdin")
	flags.StringVar(&p.contentType, "content-type", "", "media `TYPE` of the data")
	flags.StringArrayVar(&p.extensions, "extension", nil, "`NAME=VALUE` of an extension attribute; may be repeated")
	flags.StringVar(&p.producer, "producer", "", "`NAME` of the system that publishes (PRODUCER)")
	flags.Float64Var(&p.rate, "rate", 0, "events a second at the most (no limit)")
	p.onError = "stop"
	flags.Var(&p.onError, "on-error", "at a bad line: stop or skip")
	flags.IntVar(&p.maxEvent, "max-event-bytes", defaultMaxEvent, "how large an event may be")
	flags.IntVar(&p.replicas, "replicas", 0, "how many replicas must have an event")
	flags.BoolVar(&p.fsync, "fsync", false, "events must be on disk (Redis 7.2, with AOF)")
	flags.DurationVar(&p.durabilityTimeout, "durability-timeout", 0, "how long --replicas and --fsync may take (1s, 5s with --fsync)")
	p.output.register(cmd)
}

func (p *publish) run(cmd *cobra.Command, args []string) error {
	p.hasData, p.hasType = cmd.Flags().Changed("data"), cmd.Flags().Changed("type")
	if err := p.arguments(args); err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return &usageError{err}
	}
	ctx := cmd.Context()
	var in *input
	if p.lines {
		var err error
		if in, err = p.app.open(p.file); err != nil { // before Redis is asked for anything
			return err
		}
		defer in.Close()
	}
	conn, done, err := p.app.connect(ctx)
	if err != nil {
		return err
	}
	defer done()
	pr, err := producer.New(conn, producer.Config{
		Source: p.producerSource(), MaxEventBytes: p.maxEvent,
		MaxPendingBytes: max(producer.DefaultMaxPendingBytes, p.maxEvent),
		Replicas:        p.replicas, Fsync: p.fsync, DurabilityTimeout: p.durabilityTimeout,
	})
	if err != nil {
		return &usageError{err}
	}
	defer pr.Close(context.WithoutCancel(ctx)) //nolint:errcheck // every event's fate is known before
	if p.lines {
		return p.many(ctx, pr, in)
	}
	return p.one(ctx, pr)
}

// arguments are STREAM, and - for stdin.
func (p *publish) arguments(args []string) (err error) {
	stdin := len(args) > 0 && args[len(args)-1] == "-"
	if stdin {
		args = args[:len(args)-1]
	}
	var rest []string
	if p.stream, rest, err = p.app.streamOf(args); err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("unexpected argument %q: data goes into --data, a file into --file", rest[0])
	}
	switch {
	case stdin && p.file != "" && p.file != "-":
		return usagef("- (stdin) and --file exclude each other")
	case stdin:
		p.file = "-"
	}
	p.lines = p.file != ""
	return nil
}

func (p *publish) check() (err error) {
	switch {
	case p.lines && p.hasData:
		return errors.New("--data is one event, a file or stdin is many: want one of them")
	case p.lines && p.id != "":
		return errors.New("--id is for one event")
	case p.rate < 0:
		return fmt.Errorf("--rate is %v, want 0 for no limit or more", p.rate)
	case p.eventType == "":
		return errors.New("--type is empty")
	case p.maxEvent < 1:
		return fmt.Errorf("--max-event-bytes is %d, want 1 at the least", p.maxEvent)
	}
	p.extra = map[string]string{}
	for _, one := range p.extensions {
		name, value, ok := strings.Cut(one, "=")
		if !ok {
			return fmt.Errorf("--extension %q: want NAME=VALUE", one)
		}
		p.extra[name] = value
	}
	if _, given := p.extra["producer"]; !given && p.producer != "" {
		p.extra["producer"] = p.producer
	}
	e := stream.Event{ID: "-", Source: "-", Type: p.eventType, Extensions: p.extra}
	return e.Validate()
}

// producerSource is --producer as a source, which has to be a URI reference.
func (p *publish) producerSource() string {
	if _, err := url.Parse(p.producer); err != nil || strings.ContainsAny(p.producer, " \t") {
		return url.PathEscape(p.producer)
	}
	return p.producer
}

// one publishes one event.
func (p *publish) one(ctx context.Context, pr *producer.Producer) error {
	e := stream.Event{
		ID: p.id, Source: p.source, Type: p.eventType, Subject: p.subject, Time: time.Now(),
		DataContentType: p.contentType, Extensions: p.extra,
	}
	if p.hasData {
		e.Data = []byte(p.data)
		if e.DataContentType == "" {
			e.DataContentType = contentType(e.Data)
		}
	}
	if e.ID == "" {
		e.ID = uuid.Must(uuid.NewV7()).String() // here, to be able to print it
	}
	ids, err := pr.Publish(ctx, p.stream, e)
	if err != nil {
		return onlyError(err)
	}
	if p.output.json() {
		return printJSON(p.app.stdout, map[string]any{"stream": p.stream, "entry_id": ids[0], "id": e.ID})
	}
	fmt.Fprintln(p.app.stdout, ids[0])
	return nil
}

// onlyError takes the count off the error of a Publish of one event.
func onlyError(err error) error {
	var many *producer.PublishError
	if errors.As(err, &many) && len(many.Errs) == 1 {
		return fmt.Errorf("publish to stream %s: %w", many.Stream, many.Errs[0])
	}
	var event *producer.EventError
	if errors.As(err, &event) {
		return fmt.Errorf("not published: %w", event.Err)
	}
	return err
}

// contentType is that of data whose type nobody said.
func contentType(data []byte) string {
	switch {
	case json.Valid(data):
		return "application/json"
	case utf8.Valid(data):
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

func (p *publish) defaults() ndjson.Defaults {
	return ndjson.Defaults{
		Type: p.eventType, Subject: p.subject, Source: p.source, ContentType: p.contentType, Extensions: p.extra,
	}
}
