package demo

import (
	"context"
	"time"

	"github.com/leat-io/leat/producer"
	"github.com/leat-io/leat/stream"
)

// giveUpAfter is for how long an event that Redis does not take is sent again.
const giveUpAfter = 10 * time.Second

// publish publishes all events: in bursts, so that they come in the time planned.
func (r *run) publish(ctx context.Context) error {
	p, err := producer.New(r.conn, producer.Config{RetryFor: giveUpAfter})
	if err != nil {
		return err
	}
	defer p.Close(context.WithoutCancel(ctx)) //nolint:errcheck // Publish is all that is used, and has returned
	burst := make([]stream.Event, 0, r.pace.burst)
	sent := 0
	for e, err := range events(r.cfg.Events) {
		if err != nil {
			return err
		}
		burst = append(burst, e)
		end := sent + len(burst)
		if len(burst) < r.pace.burst && end != r.pace.before && end != r.cfg.Events {
			continue
		}
		if err := wait(ctx, time.Until(r.began.Add(r.pace.due(sent, r.cfg.Events)))); err != nil {
			return err
		}
		if err := r.publishBurst(ctx, p, burst); err != nil {
			return err
		}
		sent, burst = end, burst[:0]
	}
	return nil
}

func (r *run) publishBurst(ctx context.Context, p *producer.Producer, burst []stream.Event) error {
	at := time.Now()
	ids, err := p.Publish(ctx, r.group.Stream(), burst...)
	for i, id := range ids {
		if !id.IsZero() { // acknowledged: that alone counts
			r.published = append(r.published, publication{id, burst[i].Subject, at})
		}
	}
	return err
}

// due is when, after the first one, the burst is published that has so many events
// before it.
func (p *pace) due(sent, events int) time.Duration {
	if sent < p.before {
		return p.killAfter * time.Duration(sent) / time.Duration(p.before)
	}
	return p.killAfter + p.after*time.Duration(sent-p.before)/time.Duration(max(events-p.before, 1))
}
