package consumer

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// janitor removes the names of dead consumers from the groups, those that hold
// nothing: what is pending under a name is reclaimed first, or it would be lost
// with the name.
type janitor struct{ c *Consumer }

func (j janitor) run(ctx context.Context) {
	idle := j.c.cfg.ConsumerIdle
	if idle < 0 {
		return
	}
	every := max(idle/4, time.Second)
	for sleep(ctx, every/2+time.Duration(j.c.cfg.Random()*float64(every))) {
		j.c.cfg.Hooks.Beat("janitor", "")
		for _, s := range j.c.sources {
			names, err := s.group.RemoveIdle(ctx, j.c.cfg.Name, idle)
			if err != nil && ctx.Err() == nil {
				s.failed("janitor", err)
			}
			if len(names) > 0 {
				j.c.log.Info("removed the names of consumers that are gone and hold nothing",
					zap.String("stream", s.stream), zap.Strings("consumers", names))
			}
		}
	}
}
