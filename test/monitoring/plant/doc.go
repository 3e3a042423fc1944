// Package plant runs leat as it runs where people watch it: a redis-server, leat
// processes that work and poll, a Go program that publishes, and a Prometheus that
// scrapes all of them. Tests of dashboards, rules and runbooks make faults in it and
// look at what Prometheus says.
//
//	func TestMain(m *testing.M) { redistest.Main(m) }
//
//	p := plant.New(t, plant.Config{Rules: []string{"../../deploy/prometheus/leat-alerts.yaml"}})
//	hook := p.Receiver()
//	w := p.Worker("worker-1", "orders", "billing", "--webhook", hook.URL, "--lease", "1s")
//	app := p.Program("shop", producer.Config{})
//	err := app.Publish(ctx, "orders", plant.Good, 100)
//	w.Kill()
//	p.Await(`sum(leat_group_claimable_entries) > 0`)
//
// Everything ends with the test, also when the test binary is killed (on Linux).
package plant
