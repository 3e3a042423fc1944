package main

import (
	"context"

	"go.uber.org/zap"

	"github.com/leat-io/leat/internal/health"
	"github.com/leat-io/leat/metrics"
	"github.com/leat-io/leat/stac/poll"
	"github.com/leat-io/leat/stac/pollmetrics"
)

// showPoller begins to show how a poller is, before Redis is reached, and makes it tell
// of itself. It ends with hide.
func showPoller(ctx context.Context, at *listening, cfg *poll.Config, log *zap.Logger) (hide func(), err error) {
	if at.off() {
		return func() {}, nil
	}
	reg, b := newRegistry(), build()
	metrics.New(reg, metrics.WithVersion(b.Version, b.Commit)) // for leat_build_info
	dog := health.NewPoller()
	context.AfterFunc(ctx, dog.Stop)
	cfg.Hooks = poll.JoinHooks(cfg.Hooks, pollmetrics.New(reg).Hooks(), dog.Hooks())
	return at.open(ctx, log, dog.Check, dog.Ready, reg)
}
