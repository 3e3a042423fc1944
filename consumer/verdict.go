package consumer

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// Why a handler's context ended, by [context.Cause].
var (
	// ErrShutdown: the consumer stops and ShutdownTimeout has passed. What the
	// handler returns after that is not counted as a failure; the entry is
	// handed back.
	ErrShutdown = errors.New("consumer is shutting down")
	// ErrLeaseLost: another consumer has the entry, or somebody settled it.
	// What the handler returns decides nothing any more.
	ErrLeaseLost = errors.New("lease lost: the entry is another consumer's")
	// ErrTimeout: HandlerTimeout has passed. An error returned after that is a
	// failure like any other.
	ErrTimeout = errors.New("handler timed out")
)

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Permanent marks an error that trying again will not mend: the entry goes to
// the dead-letter stream at once. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent tells whether err is, or wraps, a [Permanent] one.
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

type retryError struct {
	err   error
	after time.Duration
}

func (e *retryError) Error() string { return fmt.Sprintf("%v (retry after %s)", e.err, e.after) }
func (e *retryError) Unwrap() error { return e.err }

// RetryAfter is a failure whose next try is after d instead of what the backoff
// says. It counts as an attempt. RetryAfter(nil, d) is nil; d below 0 is 0.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryError{err, max(d, 0)}
}

// RetryDelay is the time that a [RetryAfter] in err asks for.
func RetryDelay(err error) (after time.Duration, ok bool) {
	var r *retryError
	if errors.As(err, &r) {
		return r.after, true
	}
	return 0, false
}

// PanicError is what a handler's panic becomes.
type PanicError struct {
	// Value is what the handler panicked with, Stack where.
	Value any
	Stack []byte
}

// Error is the panic's value and its stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Unwrap is the value, where the handler panicked with an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// sound is err, or what using it panics with: of a nil pointer in an error's
// clothes the methods may.
func sound(err error) error {
	if err == nil {
		return nil
	}
	if broken := guard(func() error { _ = err.Error(); _ = IsPermanent(err); _, _ = RetryDelay(err); return nil }); broken != nil {
		return fmt.Errorf("handler returned an unusable %T: %w", err, broken)
	}
	return err
}

// guard calls fn and makes an error of a panic.
func guard(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	return fn()
}

// panicked is the error of a panic; called while it is being recovered from.
func panicked(v any) error { return &PanicError{Value: v, Stack: debug.Stack()} }

// errGoexit: the handler ended its goroutine (t.FailNow outside of a test's own).
var errGoexit = errors.New("handler called runtime.Goexit")
