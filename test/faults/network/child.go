package network

import (
	"bytes"
	"os/exec"
	"runtime"
	"sync"
)

// child is a process that ends when this one does, on Linux also when this one is killed.
type child struct {
	cmd  *exec.Cmd
	gone chan struct{}
	text transcript
}

// transcript is what a child has said.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// startChild starts cmd. The kernel kills a tied child when the thread that made it ends, so that thread waits for it.
func startChild(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, gone: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &c.text, &c.text
	tie(cmd)
	started := make(chan error)
	go func() {
		defer close(c.gone)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	return c, <-started
}

// said is what the child has printed.
func (c *child) said() string {
	c.text.mu.Lock()
	defer c.text.mu.Unlock()
	return c.text.text.String()
}

// kill ends the child and waits until it has gone.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.gone
}
