package redistest

import (
	"fmt"
	"syscall"
	"time"
)

// stopTimeout bounds how long a server may take to end after a signal. SIGTERM flushes the AOF first.
const stopTimeout = 20 * time.Second

// Kill ends the server with SIGKILL and returns when it is gone. Killing a dead server does nothing.
func (s *Server) Kill() {
	s.t.Helper()
	s.mustOwn("kill")
	if err := s.end(syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
}

// Stop ends the server with SIGTERM, as an operator would, and returns when it is gone.
func (s *Server) Stop() {
	s.t.Helper()
	s.mustOwn("stop")
	if err := s.end(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
}

// Restart starts the server again on the same address and folder, killing it first when it still runs. It returns when the
// server answers and has loaded its data.
func (s *Server) Restart() {
	s.t.Helper()
	s.mustOwn("restart")
	if err := s.end(syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	if err := s.launch(); err != nil {
		s.t.Fatal(err)
	}
}

// Pause stops the process where it is (SIGSTOP): connections stay open and nothing answers, as after a network partition. It
// returns when the server has stopped.
func (s *Server) Pause() {
	s.t.Helper()
	s.mustOwn("pause")
	if err := s.signal(syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
}

// Resume lets a paused server go on (SIGCONT).
func (s *Server) Resume() {
	s.t.Helper()
	s.mustOwn("resume")
	if err := s.signal(syscall.SIGCONT); err != nil {
		s.t.Fatal(err)
	}
}

// Running says whether the process is there, paused or not.
func (s *Server) Running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.running()
}

func (s *Server) mustOwn(verb string) {
	s.t.Helper()
	if s.shared {
		s.t.Fatalf("redistest: %s on a shared server, which other tests use: start one of your own", verb)
	}
}

// end sends sig to a running server and waits until it is gone.
func (in *instance) end(sig syscall.Signal) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.process.running() {
		return nil
	}
	if err := in.process.end(sig, stopTimeout); err != nil {
		return fmt.Errorf("redistest: end %s at %s with %v: %w", in.binary, in.Addr(), sig, err)
	}
	return nil
}

func (in *instance) signal(sig syscall.Signal) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if err := in.process.signal(sig); err != nil {
		return fmt.Errorf("redistest: send %v to %s at %s: %w", sig, in.binary, in.Addr(), err)
	}
	return nil
}
