package scenario

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/nemesis"
)

// finalFile is where what was in Redis in the end is kept beside the histories.
const finalFile = "final.json"

// ending is what a check needs besides the histories.
type ending struct {
	Scenario string        `json:"scenario"`
	Lease    time.Duration `json:"lease"`
	Final    history.Final `json:"final"`
}

// rules are what was promised in a round.
func (s *Scenario) rules(lease time.Duration) history.Rules {
	rules := history.Rules{
		Lease: lease, MaxAttempts: s.Worker.MaxAttempts, MaxDeliveries: s.Worker.MaxDeliveries,
		AllSent: !s.does(nemesis.KillProducer.Name), PausedAcks: true, Clean: true,
	}
	if s.Rules != nil {
		s.Rules(&rules)
	}
	return rules
}

// judge compares what everybody wrote down with what is in Redis.
func (r *round) judge(final history.Final) error {
	if err := r.record.Flush(); err != nil {
		return err
	}
	r.result.Processes = r.crew.Counts()
	r.result.Faults = r.arena.Counts()
	for name := range r.serverFaults() {
		r.result.ServerFaults += r.result.Faults[name]
	}
	text, err := json.Marshal(ending{r.Name, r.lease, final})
	if err != nil {
		return fmt.Errorf("encode what is in Redis: %w", err)
	}
	if err := os.WriteFile(filepath.Join(r.opts.Dir, finalFile), text, 0o600); err != nil {
		return fmt.Errorf("keep what is in Redis: %w", err)
	}
	records, err := history.ReadDir(r.opts.Dir)
	if err != nil {
		return err
	}
	verdict, err := history.Check(records, final, r.rules(r.lease))
	if err != nil {
		return err
	}
	r.result.Counts, r.result.Violations = verdict.Counts, verdict.Violations
	for _, took := range verdict.Takeovers {
		if r.Representative {
			r.result.AddTime(fmt.Sprintf("takeover lease=%s", r.lease), took)
		}
	}
	for _, o := range verdict.Outages {
		if servers := r.serverFaults(); servers[o.Kind] {
			r.result.AddTime(fmt.Sprintf("outage %s lease=%s", o.Kind, r.lease), o.Lasted)
			r.result.AddTime(fmt.Sprintf("resumed after %s lease=%s", o.Kind, r.lease), o.After)
		}
	}
	return nil
}

// Check checks the histories in dir again, as those of the round that wrote them.
func Check(dir string) (history.Verdict, error) {
	text, err := os.ReadFile(filepath.Join(dir, finalFile))
	if err != nil {
		return history.Verdict{}, fmt.Errorf("read what was in Redis: %w", err)
	}
	var end ending
	if err := json.Unmarshal(text, &end); err != nil {
		return history.Verdict{}, fmt.Errorf("decode what was in Redis: %w", err)
	}
	s, ok := Find(end.Scenario)
	if !ok {
		return history.Verdict{}, fmt.Errorf("scenario %q is not known", end.Scenario)
	}
	s = s.complete()
	records, err := history.ReadDir(dir)
	if err != nil {
		return history.Verdict{}, err
	}
	return history.Check(records, end.Final, s.rules(end.Lease))
}
