package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/leat-io/leat/internal/health"
)

// defaultPort is that of OpenTelemetry's exporters for Prometheus. It is not 8080, where what a worker calls
// often listens.
const defaultPort = 9464

// defaultPorts is how many ports are tried from there on, where nobody has asked for one: several workers of a
// machine are to be seen without a flag, at ports that a scrape configuration can list.
const defaultPorts = 16

// listenNone is the address for answering nothing. An empty one would do for the flag, but not for its variable: one that is
// empty is not set.
const listenNone = "none"

// listening is --listen of a command that runs for long.
type listening struct {
	addr  string
	given func() bool
}

func (l *listening) register(flags *pflag.FlagSet) {
	flags.StringVar(&l.addr, "listen", fmt.Sprintf(":%d", defaultPort), "`ADDR` for /metrics, /livez, /readyz and /startupz, or none")
	l.given = func() bool { return flags.Changed("listen") }
}

// off tells that nothing is to be answered.
func (l *listening) off() bool { return l.addr == "" || l.addr == listenNone }

// open answers health checks, and /metrics with what is in reg, until done is called. An address that somebody has asked for
// and that cannot be had is an error. The default one is a convenience that must not keep work from being done: there it is a
// warning, and the next free port, or none.
func (l *listening) open(ctx context.Context, log *zap.Logger, live, ready func() error, reg *prometheus.Registry) (done func(), err error) {
	listen := func(addr string) (*health.Server, error) {
		return health.Listen(ctx, addr, live, ready, health.Route{Pattern: "GET /metrics", Handler: exposed(reg)})
	}
	var server *health.Server
	switch {
	case l.off():
		return func() {}, nil
	case l.given():
		if server, err = listen(l.addr); err != nil {
			return nil, err
		}
	default:
		if server, err = listenNear(listen, defaultPort, defaultPorts); err != nil {
			log.Warn("answers neither /metrics nor health checks: name another address by --listen, or none", zap.String("error", err.Error()))
			return func() {}, nil
		}
	}
	log.Info("answers health checks", zap.String("address", server.Addr()))
	return func() { _ = server.Close() }, nil // the process ends
}

// listenNear takes the first port from first on that nobody has.
func listenNear(listen func(addr string) (*health.Server, error), first, count int) (server *health.Server, err error) {
	for port := first; port < first+count; port++ {
		server, err = listen(fmt.Sprintf(":%d", port))
		if !errors.Is(err, syscall.EADDRINUSE) {
			return server, err
		}
	}
	return nil, err
}

// newRegistry is a registry with what every process shows of itself.
func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// exposed is /metrics. One broken collector must not hide the others.
func exposed(reg *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		Registry: reg, EnableOpenMetrics: true, ErrorHandling: promhttp.ContinueOnError,
	})
}
