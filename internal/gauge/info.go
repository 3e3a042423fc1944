package gauge

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/stream"
)

// info is a reply to INFO: the fields of all sections by name. Nil is what a user
// sees who may not ask.
type info map[string]string

func parseInfo(text string) info {
	fields := info{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok && !strings.HasPrefix(name, "#") {
			fields[name] = value
		}
	}
	return fields
}

// number is a field as a number; it is not ok where the server does not have it.
func (i info) number(name string) (float64, bool) {
	x, err := strconv.ParseFloat(i[name], 64)
	return x, err == nil
}

// or0 is a field as a number, 0 where the server does not have it.
func (i info) or0(name string) float64 {
	x, _ := i.number(name)
	return x
}

// sum adds fields up; it is not ok where one is missing.
func (i info) sum(names ...string) (total float64, ok bool) {
	for _, name := range names {
		x, ok := i.number(name)
		if !ok {
			return 0, false
		}
		total += x
	}
	return total, true
}

// observe asks for INFO. A user who may not ask sees none, and does not ask again.
func (r *run) observe(ctx context.Context) (seen info, err error) {
	if r.infoRefused == nil {
		var text string
		if text, err = r.door.text(ctx, "INFO"); err == nil {
			seen = parseInfo(text)
		}
		if stream.Classify(err) == stream.ClassRejected {
			r.infoRefused, err = err, nil
		}
	}
	return seen, err
}

// serverOf is what INFO says of the server itself.
func serverOf(i info) *Server {
	if i == nil {
		return nil
	}
	s := &Server{
		Name: "redis", Version: i["redis_version"], Mode: i["redis_mode"], Role: i["role"], OS: i["os"],
		Embedded: i["server_name"] == "leat-embedded",
		Replicas: int(i.or0("connected_slaves")), Clients: int(i.or0("connected_clients")),
		MaxMemory: int64(i.or0("maxmemory")), UsedMemory: int64(i.or0("used_memory")), Policy: i["maxmemory_policy"],
		AOF: i["aof_enabled"] == "1", IOThreads: i["io_threads_active"] == "1", IOThreadsKnown: i["io_threads_active"] != "",
	}
	if v := i["valkey_version"]; v != "" {
		s.Name, s.Version = "valkey", v
	}
	if s.Mode == "" {
		s.Mode = i["server_mode"]
	}
	if s.Embedded {
		s.Name = "embedded broker"
	}
	return s
}

// setting is a value of CONFIG GET. refused is why it cannot be seen.
func (r *run) setting(ctx context.Context, name string) (value string, refused, err error) {
	reply, err := r.door.do(ctx, "CONFIG", "GET", name)
	if stream.Classify(err) == stream.ClassRejected {
		return "", err, nil
	}
	switch pairs := reply.(type) {
	case map[any]any: // RESP3
		for _, one := range pairs {
			value = fmt.Sprint(one)
		}
	case []any:
		if len(pairs) == 2 {
			value = fmt.Sprint(pairs[1])
		}
	}
	return value, nil, err
}

// reading is a moment: what the server and this process have used up to it.
type reading struct {
	at   time.Time
	info info
	cpu  time.Duration // of this process
	all  ticks         // of this machine
}

func (r *run) read(ctx context.Context) (reading, error) {
	i, err := r.observe(ctx)
	return reading{at: time.Now(), info: i, cpu: processorTime(), all: machineTicks()}, err
}

// usage is what was used between two readings.
func usage(from, to reading) Usage {
	u := Usage{Seconds: max(0, to.at.Sub(from.at).Seconds())}
	if u.Seconds == 0 {
		return u
	}
	if to.cpu > 0 {
		u.Client = known((to.cpu - from.cpu).Seconds() / u.Seconds)
	}
	u.Machine = from.all.busyUntil(to.all)
	// By the server's own clock where it tells, since the way there takes its time.
	seconds := u.Seconds
	if a, ok := from.info.number("server_time_usec"); ok {
		if b, _ := to.info.number("server_time_usec"); b > a {
			seconds = (b - a) / 1e6
		}
	}
	per := func(names ...string) *float64 {
		a, ok := from.info.sum(names...)
		b, ok2 := to.info.sum(names...)
		if !ok || !ok2 || b < a {
			return nil
		}
		return known((b - a) / seconds)
	}
	u.Server = per("used_cpu_sys", "used_cpu_user")
	u.MainThread = per("used_cpu_sys_main_thread", "used_cpu_user_main_thread")
	u.In = per("total_net_input_bytes")
	u.Out = per("total_net_output_bytes")
	return u
}

// busyUntil is the part of the machine's processor time that somebody used.
func (t ticks) busyUntil(now ticks) *float64 {
	if now.all <= t.all {
		return nil
	}
	return known(1 - (now.idle-t.idle)/(now.all-t.all))
}

// stolenUntil is the part of it that the hypervisor gave to others.
func (t ticks) stolenUntil(now ticks) *float64 {
	if now.all <= t.all {
		return nil
	}
	return known((now.stolen - t.stolen) / (now.all - t.all))
}

// known is a figure that is there.
func known(x float64) *float64 { return &x }
