package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/leat-io/leat/internal/ndjson"
	"github.com/leat-io/leat/producer"
)

// lineRoom is how much longer than its event a line may be: escapes and base64
// take more than what they stand for.
const lineRoom = 2

// publishReport is what `leat publish --output json` prints of a file.
type publishReport struct {
	Stream    string        `json:"stream"`
	Stored    int           `json:"stored"`
	Bad       int           `json:"bad"`
	NotStored ndjson.Ranges `json:"not_stored"`
	Unknown   ndjson.Ranges `json:"unknown"`
	Seconds   float64       `json:"seconds"`
}

// many publishes the lines of the input.
func (p *publish) many(ctx context.Context, pr *producer.Producer, in *input) error {
	bar := p.app.bar(in)
	began := time.Now()
	report, err := ndjson.Publish(ctx, pr, ndjson.NewReader(in, lineRoom*p.maxEvent), ndjson.Config{
		Stream: p.stream, Defaults: p.defaults(), Rate: p.rate, SkipBad: p.onError == "skip",
		Bad: func(line int, err error) {
			_ = bar.Clear()
			p.app.complain("line %d: %v", line, err)
		},
		Progress: func(read int64) { _ = bar.Set64(read) },
	})
	_ = bar.Exit()
	return p.report(report, time.Since(began), err)
}

// report prints what became of the lines. err is why not all of them were sent.
func (p *publish) report(r ndjson.Report, took time.Duration, err error) error {
	if p.output.json() {
		if err := printJSON(p.app.stdout, publishReport{
			Stream: p.stream, Stored: r.Stored, Bad: r.Bad,
			NotStored: orEmpty(r.NotStored), Unknown: orEmpty(r.Unknown), Seconds: took.Seconds(),
		}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(p.app.stdout, "stored %d\n", r.Stored)
		if r.Bad > 0 && err == nil {
			p.app.note("skipped %d bad lines", r.Bad)
		}
	}
	if n := r.NotStored.Lines(); n > 0 {
		p.app.complain("%d events are not stored: lines %s", n, r.NotStored)
	}
	if n := r.Unknown.Lines(); n > 0 {
		p.app.complain("of %d events it is not known whether they are stored: lines %s", n, r.Unknown)
	}
	switch {
	case errors.Is(err, ndjson.ErrBadLine):
		return fmt.Errorf("stopped at the %w; %d events before it are stored", err, r.Stored)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted; %d events are stored", r.Stored)
	case err != nil:
		return fmt.Errorf("%w; %d events are stored", err, r.Stored)
	}
	return nil
}

func orEmpty(r ndjson.Ranges) ndjson.Ranges {
	if r == nil {
		return ndjson.Ranges{}
	}
	return r
}

// input is a file, or stdin.
type input struct {
	io.ReadCloser
	size int64 // -1 where it is not known
}

// open opens a file, - for stdin.
func (a *app) open(name string) (*input, error) {
	if name == "-" {
		return &input{io.NopCloser(a.stdin), -1}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("open %s: is a directory", name)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	in := &input{f, -1}
	if info.Mode().IsRegular() {
		in.size = info.Size()
	}
	return in, nil
}

// bar is a progress bar for files when stderr is a terminal, and invisible else.
func (a *app) bar(in *input) *progressbar.ProgressBar {
	visible := in.size > 0 && a.terminal()
	return progressbar.NewOptions64(max(in.size, 1),
		progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetVisibility(visible),
		progressbar.OptionSetDescription("publishing"), progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionUseANSICodes(true), progressbar.OptionClearOnFinish())
}

// terminal tells whether stderr is one that can move its cursor.
func (a *app) terminal() bool {
	f, ok := a.stderr.(*os.File)
	dumb, _ := a.env("TERM")
	return ok && !strings.EqualFold(dumb, "dumb") && term.IsTerminal(int(f.Fd()))
}
