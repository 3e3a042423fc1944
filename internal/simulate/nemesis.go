package simulate

import (
	"time"

	"github.com/leat-io/leat/stream"
)

// cause makes one fault happen, at its time.
func (w *world) cause(f Fault) {
	if f.Kind == PowerLoss {
		time.Sleep(f.At - f.For)
		synced := w.server.broker.Snapshot()
		time.Sleep(f.For)
		w.note("fault", "server", f.String())
		w.watch.rolledBack(f.At - f.For)
		w.server.restart(10*time.Millisecond, synced)
		w.note("mended", "server", f.Kind.String())
		return
	}
	time.Sleep(f.At)
	switch f.Kind {
	case Kill, Drain:
		w.replace(f)
	case Hold:
		w.note("fault", w.place(f.Who), f.String())
		w.net.hold(w.place(f.Who), f.For)
	case Slow:
		who := w.place(f.Who)
		w.note("fault", who, f.String())
		w.net.delay(who, f.For)
		time.Sleep(time.Second)
		w.net.delay(who, 0)
	case LoseRequest, LoseReply, CutReply, LateReply:
		w.server.arm(f)
	case ForgetScripts, DestroyGroup, Flush, DeleteEntry, DeleteName, ClaimByHand:
		w.meddle(f)
	default:
		w.server.suffer(f)
	}
}

// replace ends the worker at a place, by force or by telling it, and puts another one
// there.
func (w *world) replace(f Fault) {
	p := w.at(f.Who)
	w.note("fault", p.name, f.String())
	if f.Kind == Kill {
		p.kill()
	} else {
		p.cancel()
		<-p.done
	}
	time.Sleep(f.For)
	w.mu.Lock()
	same := w.processes[f.Who] == p
	w.mu.Unlock()
	if same { // else another fault has replaced it
		w.work(f.Who)
	}
}

// meddle is what people do to a server.
func (w *world) meddle(f Fault) {
	w.note("fault", "server", f.String())
	switch f.Kind {
	case ForgetScripts:
		w.ask("SCRIPT", "FLUSH")
	case DestroyGroup:
		w.watch.disturbed()
		w.ask("XGROUP", "DESTROY", streamName, groupName)
	case Flush:
		w.watch.flushed()
		w.ask("FLUSHALL")
	case DeleteEntry:
		if rows := w.watch.pending(); len(rows) > 0 {
			w.watch.deletes(rows[0].id)
			w.ask("XDEL", streamName, rows[0].id)
		}
	case DeleteName:
		w.watch.forsake(w.place(f.Who))
		w.ask("XGROUP", "DELCONSUMER", streamName, groupName, w.place(f.Who))
	case ClaimByHand:
		keys, _ := stream.KeysOf(streamName)
		if waiting := list(decode(w.ask("ZRANGE", keys.Retry(groupName), "0", "0"))); len(waiting) > 0 {
			w.ask("XCLAIM", streamName, groupName, "somebody", "0", str(waiting[0]))
		}
	}
}

func (s *server) arm(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = append(s.armed, f)
}

// disarmAll forgets the faults that nothing has met.
func (s *server) disarmAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = nil
}

// suffer is what happens to the server itself.
func (s *server) suffer(f Fault) {
	s.w.note("fault", "server", f.String())
	until := time.Now().Add(f.For)
	switch f.Kind {
	case Restart:
		s.restart(f.For, nil)
	case Stall:
		s.set(func() { s.stalled = until })
		time.Sleep(f.For)
	case Loading:
		s.set(func() { s.loading = until })
		time.Sleep(f.For)
	case ReadOnly:
		s.set(func() { s.readOnly = until })
		time.Sleep(f.For)
	case Full:
		s.broker.SetMemoryFull(true)
		time.Sleep(f.For)
		s.broker.SetMemoryFull(false)
	case ClockForward:
		s.w.watch.jumped()
		s.jump(f.For)
	case ClockBack:
		s.jump(-f.For)
	}
	s.w.note("mended", "server", f.Kind.String())
}

func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// jump changes the server's clock.
func (s *server) jump(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
	s.broker.SetClockOffset(s.offset)
}
