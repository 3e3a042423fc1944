package world

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

// Host stands in for a test where there is none: it remembers what has to be cleaned up. Whoever calls something that may fail
// the test does so inside Try.
type Host struct {
	testing.TB // nil: nothing but what is below is used

	mu       sync.Mutex
	cleanups []func()
	failed   bool
}

// failure is what ends a call that fails the test.
type failure struct{ error }

// Try calls do, and returns an error when that has failed the test.
func Try(do func()) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case failure:
			err = v.error
		default:
			panic(v)
		}
	}()
	do()
	return nil
}

// Helper does nothing.
func (h *Host) Helper() {}

// Name is that of no test.
func (h *Host) Name() string { return "faults" }

// Cleanup calls do in Close, the last first.
func (h *Host) Cleanup(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cleanups = append(h.cleanups, do)
}

// Close cleans up.
func (h *Host) Close() {
	h.mu.Lock()
	cleanups := h.cleanups
	h.cleanups = nil
	h.mu.Unlock()
	for _, do := range slices.Backward(cleanups) {
		do()
	}
}

// Failed tells whether anything has failed.
func (h *Host) Failed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

// Logf does nothing: what is logged on failure is part of the error.
func (h *Host) Logf(string, ...any) {}

// Fatal ends the call that is under way inside Try.
func (h *Host) Fatal(args ...any) {
	h.mu.Lock()
	h.failed = true
	h.mu.Unlock()
	if err, ok := args[0].(error); ok && len(args) == 1 {
		panic(failure{err})
	}
	panic(failure{fmt.Errorf("%s", fmt.Sprint(args...))})
}

// Fatalf is Fatal.
func (h *Host) Fatalf(format string, args ...any) { h.Fatal(fmt.Errorf(format, args...)) }
