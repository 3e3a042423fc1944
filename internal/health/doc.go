// Package health tells whoever runs a worker how it is, over HTTP: GET /livez
// fails when one of its loops stands still, so that a restart would help, GET
// /readyz while it cannot work (Redis is away, the group is missing, it has not begun,
// it drains), and GET /startupz until it was ready once.
//
//	dog := health.NewWatchdog(cfg)
//	cfg.Hooks = dog.Hooks()
//	...
//	server, err := health.Listen(ctx, ":8080", dog.Check, c.Ready, health.Route{"GET /metrics", metrics})
//
// [NewPoller] is the same for a poller of STAC sources.
//
// A Redis that is away is no reason to restart, and does not fail /livez.
package health
