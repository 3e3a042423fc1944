package consumer

import (
	"slices"
	"time"
)

// Load is how busy a consumer is at one moment.
type Load struct {
	// Slots is how many handlers may run at once: Config.Concurrency.
	Slots int
	// Waiting is how many entries have been taken and wait for a handler.
	Waiting int
}

// Load is how busy the consumer is; false before Run has begun and when it has
// returned.
func (c *Consumer) Load() (load Load, running bool) {
	phase := c.phase.Load()
	return Load{Slots: c.cfg.Concurrency, Waiting: c.queue.waiting()}, phase == phaseRunning || phase == phaseDraining
}

// Group is the name of the consumer's group.
func (c *Consumer) Group() string { return c.cfg.Group }

// Streams are the streams that the consumer works off.
func (c *Consumer) Streams() []string { return slices.Clone(c.cfg.Streams) }

// Beats says how long each loop of a consumer with this configuration goes without a
// beat at the most when Redis answers at once and, for those that take entries, a
// handler is free: what a watchdog measures them by. The janitor has none where it
// does not run.
func (c Config) Beats() map[string]time.Duration {
	c, _ = c.withDefaults() // New finds what is wrong
	if c.Guarantee == AtMostOnce {
		return map[string]time.Duration{"fetcher": c.Block}
	}
	beats := map[string]time.Duration{
		"fetcher":   min(c.Block, c.Lease/4),
		"retrier":   c.Poll + c.Poll/10,
		"reclaimer": min(max(c.Lease/8, 10*time.Millisecond), 5*time.Second),
		"leaser":    c.Lease / 6,
		"acker":     ackerIdle(c.Lease),
	}
	if c.ConsumerIdle > 0 {
		beats["janitor"] = max(c.ConsumerIdle/4, time.Second) * 3 / 2
	}
	return beats
}

// ackerIdle is how often an acker beats that has nothing to acknowledge.
func ackerIdle(lease time.Duration) time.Duration { return max(lease/4, 10*time.Millisecond) }
