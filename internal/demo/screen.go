package demo

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// screen shows what happens, line by line, above a progress bar where there is a
// terminal. It is safe for concurrent use.
type screen struct {
	mu      sync.Mutex
	w       io.Writer
	display Display
	bar     *progressbar.ProgressBar // nil without a terminal, and when done
	total   int
	quarter int // the last one that was told
	began   time.Time
}

func newScreen(cfg *Config) *screen {
	s := &screen{w: cfg.Progress, display: cfg.Display, total: cfg.Events, began: time.Now()}
	if cfg.Display.Terminal {
		s.bar = progressbar.NewOptions(cfg.Events,
			progressbar.OptionSetWriter(cfg.Progress), progressbar.OptionFullWidth(), progressbar.OptionShowCount(),
			progressbar.OptionSetElapsedTime(false), progressbar.OptionSetPredictTime(false),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "=", SaucerHead: ">", SaucerPadding: " ", BarStart: "[", BarEnd: "]"}))
	}
	return s
}

// start begins to count the time.
func (s *screen) start() {
	s.mu.Lock()
	s.began = time.Now()
	s.mu.Unlock()
}

// say writes a line, with the time.
func (s *screen) say(st style, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line(st, format, args...)
}

func (s *screen) line(st style, format string, args ...any) {
	if s.bar != nil {
		_ = s.bar.Clear() // a terminal that does not take it cannot be told
	}
	at := fmt.Sprintf("%5.1fs", time.Since(s.began).Seconds())
	text := s.display.fold(fmt.Sprintf(format, args...), len(at)+2)
	fmt.Fprintln(s.w, s.display.paint(dim, at)+"  "+s.display.paint(st, text))
	if s.bar != nil {
		_ = s.bar.RenderBlank()
	}
}

// progress says that n entries are settled. Without a bar each quarter is a line.
func (s *screen) progress(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Set(min(n, s.total))
		return
	}
	if q := 4 * n / s.total; q > s.quarter && q < 4 {
		s.quarter = q
		s.line(plain, "%d of %d settled", n, s.total)
	}
}

// close takes the bar away, so that what comes after stands alone.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear()
		fmt.Fprintln(s.w)
		s.bar = nil
	}
}
