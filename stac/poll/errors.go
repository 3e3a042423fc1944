package poll

import (
	"errors"
	"fmt"

	"github.com/leat-io/leat/stac"
)

var (
	// ErrLeaseLost says that another replica polls the source by now, or that Redis
	// could not be reached for as long as a lease lasts. What was under way is
	// found again by the next pass.
	ErrLeaseLost = errors.New("lease of the source is lost")
	// ErrHeld says that another replica polls the source.
	ErrHeld = errors.New("another replica polls the source")
	// ErrNoStart says that a source is polled for the first time and nobody said
	// from when on: see [Source.Start].
	ErrNoStart = errors.New("source is polled for the first time: say from now, or since when")
	// ErrOtherQuery says that a source of that name was polled with another query,
	// so that what is known of its items means something else.
	ErrOtherQuery = errors.New("source was polled with another query: give it another name, and say where to begin")
	// ErrStrategy is wrapped by the error of a strategy that the server cannot be
	// polled by.
	ErrStrategy = errors.New("server cannot be polled like that")
	// ErrTooManyDeleted says that a complete pass missed so many items that the
	// server is not believed. Nothing of it was published; see
	// [Source.MaxDeleted].
	ErrTooManyDeleted = errors.New("more items are gone than is believed")
	// ErrUncertain says that a pass went to its end, and that its result is not
	// complete all the same. It wraps [stac.ErrIncomplete].
	ErrUncertain = fmt.Errorf("pass is not complete: %w", stac.ErrIncomplete)
)
