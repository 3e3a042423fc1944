package gauge

import (
	"io"

	"github.com/schollz/progressbar/v3"
)

// screen shows what is going on where somebody can see it.
type screen struct {
	bar *progressbar.ProgressBar // nil for none
}

// newScreen draws on w, which is a terminal, or nil.
func newScreen(w io.Writer) *screen {
	if w == nil {
		return &screen{}
	}
	return &screen{bar: progressbar.NewOptions(1, // see expect
		progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(20), progressbar.OptionUseANSICodes(true),
		progressbar.OptionSetElapsedTime(false), progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "=", SaucerHead: ">", SaucerPadding: " ", BarStart: "[", BarEnd: "]"}))}
}

// expect says how many steps there are.
func (s *screen) expect(steps int) {
	if s.bar != nil {
		s.bar.ChangeMax(steps)
	}
}

// say shows what begins. A terminal that does not take it cannot be told.
func (s *screen) say(what string) {
	if s.bar != nil {
		s.bar.Describe(what)
	}
}

// step is done.
func (s *screen) step() {
	if s.bar != nil {
		_ = s.bar.Add(1)
	}
}

// close takes the bar away.
func (s *screen) close() {
	if s.bar != nil {
		_ = s.bar.Clear()
		s.bar = nil
	}
}
