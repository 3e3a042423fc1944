// Package health tells whoever runs a worker how it is, over HTTP: GET /livez
// fails when one of its loops stands still, so that a restart would help, and GET
// /readyz while it cannot work (Redis is away, it has not begun, it drains).
//
//	dog := health.NewWatchdog(cfg.Lease, cfg.Concurrency)
//	cfg.Hooks = dog.Hooks()
//	...
//	server, err := health.Listen(ctx, ":8080", dog.Check, c.Ready)
//
// A Redis that is away is no reason to restart, and does not fail /livez.
package health
