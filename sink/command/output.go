package command

import (
	"bytes"
	"strings"
	"unicode"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	// lineLimit is where a line that does not end is broken.
	lineLimit = 16 << 10
	// tailLines and tailLimit bound what an error quotes of standard error: the
	// end is where programs say what went wrong.
	tailLines = 3
	tailLimit = 512
)

// output takes what a program writes, logs it by lines up to a limit, and keeps
// its last lines. os/exec writes to it from one goroutine.
type output struct {
	log     *zap.Logger
	level   zapcore.Level
	limit   int
	left    int // bytes that may still be logged
	dropped int
	line    []byte // begun and not ended
	tail    []string
}

func newOutput(log *zap.Logger, level zapcore.Level, name string, limit int) *output {
	return &output{log: log.With(zap.String("output", name)), level: level, limit: limit, left: limit}
}

// Write never fails: a program must not die of its log.
func (o *output) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte{'\n'})
		if room := lineLimit - len(o.line); len(part) > room {
			part, rest, ended = p[:room], p[room:], true
		}
		o.line = append(o.line, part...)
		if ended {
			o.end()
		}
		p = rest
	}
	return n, nil
}

// end ends the line.
func (o *output) end() {
	raw := bytes.TrimSuffix(o.line, []byte{'\r'})
	if text := strings.TrimSpace(printable(raw)); text != "" {
		o.tail = append(o.tail, text)
		if len(o.tail) > tailLines {
			o.tail = o.tail[1:]
		}
	}
	size := len(raw)
	if shown := min(size, o.left); shown > 0 || size == 0 && o.left > 0 {
		o.log.Log(o.level, strings.ToValidUTF8(string(raw[:shown]), "\uFFFD"))
		o.dropped += size - shown
		o.left -= shown + 1 // and the line's end: a flood of empty lines is one too
	} else {
		o.dropped += size + 1
	}
	o.line = o.line[:0]
}

// finish logs what is left, and what was not logged.
func (o *output) finish() {
	if len(o.line) > 0 {
		o.end()
	}
	if o.dropped > 0 && o.limit > 0 {
		o.log.Warn("output cut: the program wrote more than the limit", zap.Int("limit", o.limit), zap.Int("dropped_bytes", o.dropped))
	}
}

// last is the end of the output on one line.
func (o *output) last() string {
	text := strings.Join(o.tail, " | ")
	if len(text) > tailLimit {
		text = "..." + strings.ToValidUTF8(text[len(text)-tailLimit:], "")
	}
	return text
}

// printable leaves out what could do something to a terminal or a log.
func printable(raw []byte) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(raw), "\uFFFD"))
}
