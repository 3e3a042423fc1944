package streamtest

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Fault is a hook on the way to Redis: it loses replies, and keeps commands from
// being sent. Use it with stream.WithHook.
type Fault struct {
	mu      sync.Mutex
	lose    map[string]int // replies still to lose, by command
	block   map[string]int // commands still not to send
	refuse  bool
	lost    int
	refused int
}

// LoseReply makes the next n replies of a command get lost: it is executed, and
// the caller is told that the connection has ended. Scripts are EVALSHA.
func (f *Fault) LoseReply(command string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lose == nil {
		f.lose = map[string]int{}
	}
	f.lose[strings.ToLower(command)] = n
}

// Refuse makes the next n commands of that name fail before they are sent.
func (f *Fault) Refuse(command string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.block == nil {
		f.block = map[string]int{}
	}
	f.block[strings.ToLower(command)] = n
}

// Cut makes every command fail before it is sent, until Mend.
func (f *Fault) Cut() { f.set(true) }

// Mend undoes Cut.
func (f *Fault) Mend() { f.set(false) }

func (f *Fault) set(refuse bool) {
	f.mu.Lock()
	f.refuse = refuse
	f.mu.Unlock()
}

// Lost is how many replies got lost.
func (f *Fault) Lost() int { f.mu.Lock(); defer f.mu.Unlock(); return f.lost }

// Refused is how many commands were not sent.
func (f *Fault) Refused() int { f.mu.Lock(); defer f.mu.Unlock(); return f.refused }

func (f *Fault) cut(cmd redis.Cmder) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := strings.ToLower(cmd.Name())
	if !f.refuse && f.block[name] == 0 {
		return nil
	}
	if f.block[name] > 0 {
		f.block[name]--
	}
	f.refused++
	return &net.OpError{Op: "dial", Net: "tcp", Err: io.ErrClosedPipe}
}

// loses tells whether this reply gets lost. A read that brought nothing is not worth
// it.
func (f *Fault) loses(cmd redis.Cmder) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := strings.ToLower(cmd.Name())
	raw, isRaw := cmd.(*redis.RawCmd)
	if f.lose[name] == 0 || (isRaw && empty(raw.Val())) {
		return false
	}
	f.lose[name]--
	f.lost++
	return true
}

// empty tells whether a reply is an error or a null.
func empty(reply []byte) bool {
	return len(reply) == 0 || reply[0] == '-' || reply[0] == '_' || string(reply) == "*-1\r\n"
}

// DialHook leaves connecting as it is.
func (f *Fault) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook is where single commands meet the fault.
func (f *Fault) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := f.cut(cmd); err != nil {
			cmd.SetErr(err)
			return err
		}
		err := next(ctx, cmd)
		if err == nil && f.loses(cmd) {
			cmd.SetErr(io.EOF)
			return io.EOF
		}
		return err
	}
}

// ProcessPipelineHook is where pipelines meet it.
func (f *Fault) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := f.cut(cmds[0])
		if err == nil {
			err = next(ctx, cmds)
		}
		if err == nil && f.loses(cmds[0]) {
			err = io.EOF
		}
		if err != nil {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
		}
		return err
	}
}
