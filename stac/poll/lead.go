package poll

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// lead is a source in the time for which it is this replica's.
type lead struct {
	*source
	*tenure

	state state
	// began and tried are when the last pass and the last part of a sweep began
	// here, failures how often that failed since it went well.
	began, tried     time.Time
	failures, failed int
	// took is how long the last pass did, swept how long parts of a sweep did since.
	took, swept time.Duration
}

// run polls the source whenever it is this replica's.
func (s *source) run(ctx context.Context) error {
	s.cfg.Hooks.Started(s.src.Name, s.src.Interval, s.src.Reconcile)
	for failures := 0; ctx.Err() == nil; failures++ {
		held, t, err := s.seize(ctx, s.store, 0)
		if err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
		s.cfg.Hooks.Leading(s.src.Name, true)
		s.log.Info("stac source is polled by this replica")
		s.beat()
		l := &lead{source: s, tenure: t}
		if err = l.open(held); err == nil {
			failures = 0
			err = l.loop(held)
		}
		t.close(ctx)
		s.cfg.Hooks.Leading(s.src.Name, false)
		switch {
		case lasting(err):
			return err
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it was told to stop
		}
		s.log.Warn("stac source is not polled by this replica any more", zap.Error(err))
		s.cfg.Hooks.Beat(s.src.Name, pause(failures))
		_ = sleep(ctx, pause(failures))
	}
	return nil
}

// pause is how long to wait after so many failures.
func pause(failures int) time.Duration {
	return min(500*time.Millisecond<<min(failures, 10), time.Minute)
}

// open loads what is known of the source, and finds out how to poll it.
func (l *lead) open(ctx context.Context) error {
	known, err := l.store.load(ctx, &l.state)
	if err != nil {
		return err
	}
	asked := fingerprint(l.src.Query)
	if known && l.state.Query != asked {
		return ErrOtherQuery
	}
	if !known {
		if l.src.Start.kind == startUnsaid {
			return ErrNoStart
		}
		l.state.Query, l.state.Since = asked, l.src.Start.since
		if l.src.Start.kind == startNow {
			l.state.Since = l.cfg.Now().UTC()
		}
		l.state.Floor, l.state.Watermark = l.state.Since, l.state.Since
		if err := l.save(ctx); err != nil {
			return err
		}
	}
	return l.plan(ctx)
}

// plan probes the server where that was not done lately.
func (l *lead) plan(ctx context.Context) error {
	st, now := &l.state, l.cfg.Now()
	if st.Plan == nil || st.Asked != l.src.Strategy || now.Sub(st.ProbedAt) > l.cfg.ProbeEvery {
		facts, err := l.client.Probe(ctx, l.src.Query)
		if err != nil {
			return fmt.Errorf("probe: %w", err)
		}
		plan, err := Choose(facts, l.src.Strategy)
		if err != nil {
			return err
		}
		st.Plan, st.Asked, st.ProbedAt = &plan, l.src.Strategy, now.UTC()
		if facts.Sample == 0 { // an empty server shows nothing: look again soon
			st.ProbedAt = now.Add(time.Minute - l.cfg.ProbeEvery).UTC()
		}
		if err := l.save(ctx); err != nil {
			return err
		}
		l.log.Info("stac strategy is chosen", zap.Stringer("strategy", plan.Strategy), zap.String("reason", plan.Reason), zap.String("grammar", plan.Grammar))
	}
	l.cfg.Hooks.Chosen(l.src.Name, *st.Plan)
	return nil
}

func (l *lead) save(ctx context.Context) error { return l.commit(ctx, nil) }

// commit writes the state, and whatever is published in the same step.
func (l *lead) commit(ctx context.Context, operations []any) error {
	text, err := encode(&l.state)
	if err == nil {
		_, err = l.store.publish(ctx, l.token, l.state.Pass, text, operations)
	}
	return err
}

// loop makes passes and parts of sweeps when they are due, until ctx ends or the
// source cannot go on.
func (l *lead) loop(ctx context.Context) error {
	for ctx.Err() == nil {
		l.cfg.Hooks.Stands(l.src.Name, l.standing())
		now := l.cfg.Now()
		if now.Sub(l.state.ProbedAt) > l.cfg.ProbeEvery {
			if err := l.plan(ctx); err != nil {
				return err
			}
		}
		pass, part := l.passDue(), l.sweepDue()
		passes, sweeps := !pass.IsZero() && !pass.After(now), !part.IsZero() && !part.After(now)
		var err error
		switch {
		// They take turns: where a pass takes longer than the interval, it is due
		// again when it ends. A part is short: the sweep gets as much time as the
		// pass took, or it would be over when so many passes are.
		case passes && (!sweeps || l.swept >= l.took):
			l.began, l.swept = now, 0
			err = l.pass(ctx)
			l.took = max(l.cfg.Now().Sub(now), time.Millisecond)
			l.failures = count(l.failures, err)
		case sweeps:
			l.tried = now
			err = l.sweepPart(ctx)
			l.swept += max(l.cfg.Now().Sub(now), time.Millisecond)
			if l.failed = count(l.failed, err); l.state.Sweep == nil && ended(err) {
				l.failed = 0 // the next one comes at its time
			}
		default:
			pause := earliest(pass, part).Sub(now)
			l.cfg.Hooks.Beat(l.src.Name, pause)
			_ = sleep(ctx, pause)
			l.beat()
		}
		if errors.Is(err, ErrLeaseLost) {
			return err
		}
	}
	return context.Cause(ctx)
}

func count(failures int, err error) int {
	if err == nil {
		return 0
	}
	return failures + 1
}

// passDue is when the next pass begins; zero where there are none.
func (l *lead) passDue() time.Time {
	if l.state.Plan.Strategy == Reconcile {
		return time.Time{}
	}
	return due(l.state.PassAt, l.began, l.src.Interval, l.failures)
}

// sweepEvery is from the beginning of one sweep to that of the next; 0 for never.
func (l *lead) sweepEvery() time.Duration {
	every := l.src.Reconcile
	if l.state.Plan.Strategy == Reconcile && (every == 0 || l.src.Interval < every) {
		every = l.src.Interval
	}
	return every
}

// sweepDue is when the next part of a sweep begins; zero where there are none.
func (l *lead) sweepDue() time.Time {
	every := l.sweepEvery()
	if every == 0 {
		return time.Time{}
	}
	if l.state.Sweep != nil && l.failed == 0 {
		return l.state.Sweep.At // go on
	}
	return due(l.state.SweptAt, l.tried, every, l.failed)
}

// due is when what was done last at done, and tried last here at tried, is to be
// done again.
func due(done, tried time.Time, every time.Duration, failures int) time.Time {
	if failures > 0 {
		return tried.Add(max(min(every, time.Minute), pause(failures-1)))
	}
	if tried.After(done) {
		done = tried
	}
	if done.IsZero() {
		return time.Unix(1, 0)
	}
	return done.Add(every)
}

// earliest is the earlier one, zero ones not counted.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// once is one pass, and a sweep where it is due.
func (s *source) once(ctx context.Context) error {
	s.cfg.Hooks.Started(s.src.Name, s.src.Interval, s.src.Reconcile)
	defer s.cfg.Hooks.Beat(s.src.Name, -1)
	held, t, err := s.seize(ctx, s.store, s.cfg.Lease+s.cfg.Lease/2)
	if err != nil {
		return err
	}
	defer t.close(ctx)
	s.cfg.Hooks.Leading(s.src.Name, true)
	defer s.cfg.Hooks.Leading(s.src.Name, false)
	s.beat()
	l := &lead{source: s, tenure: t}
	if err := l.open(held); err != nil {
		return err
	}
	defer func() { l.cfg.Hooks.Stands(l.src.Name, l.standing()) }()
	if l.state.Plan.Strategy != Reconcile {
		err = l.pass(held)
	}
	at := l.sweepDue()
	if l.state.Plan.Strategy == Reconcile && l.state.Sweep == nil {
		at = l.cfg.Now() // it was asked for
	}
	for err == nil && !at.IsZero() && !at.After(l.cfg.Now()) {
		if err = l.sweepPart(held); l.state.Sweep == nil {
			break
		}
	}
	return err
}
