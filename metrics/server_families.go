package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/leat-io/leat/stream"
)

// What the server says.
var (
	serverUp          = gauge("leat_server_up", "1 if the last collection from Redis succeeded, 0 if what is served is old, or nothing.")
	serverCollections = counter("leat_server_collections_total", "Collections from Redis, of which each serves the scrapes of a while.")
	serverFailures    = counter("leat_server_collection_failures_total", "Collections of which some stream could not be looked at.")
	serverDuration    = gauge("leat_server_collection_duration_seconds", "How long the last collection took.")
	serverAge         = gauge("leat_server_collection_age_seconds", "Age of what is served of a stream.", "stream")

	streamEntries = gauge("leat_stream_entries", "Entries in the stream.", "stream")
	streamAdded   = counter("leat_stream_added_total", "Entries added to the stream since it was made.", "stream")
	streamMemory  = gauge("leat_stream_memory_bytes", "About how much memory the stream and its groups take.", "stream")

	groupExists  = gauge("leat_group_exists", "1 if the group is there, 0 if not.", "stream", "group")
	groupRead    = counter("leat_group_read_total", "Entries that the group has been given; absent when Redis has lost count.", "stream", "group")
	groupUnread  = gauge("leat_group_unread_entries", "Entries that the group has not been given (lag), or as many as were counted.", "stream", "group")
	groupExact   = gauge("leat_group_unread_exact", "1 if leat_group_unread_entries is right, 0 if it is that many or more.", "stream", "group")
	groupPending = gauge("leat_group_pending_entries",
		"Entries that are delivered and not settled, those that wait for their next try included.", "stream", "group")
	groupClaimable = gauge("leat_group_claimable_entries", "Pending entries for which nobody extends a lease any more.", "stream", "group")
	groupPendingBy = gauge("leat_group_oldest_pending_age_seconds", "Age of the oldest pending entry, 0 for none.", "stream", "group")
	groupUnreadBy  = gauge("leat_group_oldest_unread_age_seconds", "Age of the oldest entry that the group has not been given, 0 for none.", "stream", "group")
	groupDead      = gauge("leat_group_dead_letters", "Letters in the group's dead-letter stream.", "stream", "group")
	groupWaiting   = gauge("leat_group_retries_waiting", "Entries in the retry set, those that are due included.", "stream", "group")
	groupDue       = gauge("leat_group_retries_due", "Entries whose time for the next try has come, up to a bound.", "stream", "group")
	groupConsumers = gauge("leat_group_consumers",
		"Names of consumers; state is alive, or idle for those that have been silent for a lease.", "stream", "group", "state")
)

var serverFamilies = []family{
	serverUp, serverCollections, serverFailures, serverDuration, serverAge, streamEntries, streamAdded, streamMemory,
	groupExists, groupRead, groupUnread, groupExact, groupPending, groupClaimable, groupPendingBy, groupUnreadBy,
	groupDead, groupWaiting, groupDue, groupConsumers,
}

// Describe is for the registry.
func (s *Server) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range serverFamilies {
		ch <- f.desc
	}
}

// Collect is for the registry. It takes no longer than the timeout.
func (s *Server) Collect(ch chan<- prometheus.Metric) {
	s.refresh()
	s.mu.Lock()
	defer s.mu.Unlock()
	up := 0.0
	if s.up {
		up = 1
	}
	serverUp.send(ch, up)
	serverCollections.send(ch, float64(s.rounds))
	serverFailures.send(ch, float64(s.failed))
	serverDuration.send(ch, s.took.Seconds())
	for name, o := range s.streams {
		serverAge.send(ch, time.Since(o.at).Seconds(), name)
		o.collect(ch, name, s.cfg.Groups)
	}
}

func (o *observed) collect(ch chan<- prometheus.Metric, name string, wanted []string) {
	streamEntries.send(ch, float64(o.Entries), name)
	ifKnown(ch, streamAdded, o.Added, name)
	ifKnown(ch, streamMemory, o.Memory, name)
	for i := range o.Groups {
		o.collectGroup(ch, name, &o.Groups[i])
	}
	for _, group := range wanted {
		if !slices.ContainsFunc(o.Groups, func(g stream.ObservedGroup) bool { return g.Name == group }) {
			groupExists.send(ch, 0, name, group)
		}
	}
}

func (o *observed) collectGroup(ch chan<- prometheus.Metric, name string, g *stream.ObservedGroup) {
	groupExists.send(ch, 1, name, g.Name)
	ifKnown(ch, groupRead, g.Read, name, g.Name)
	exact := 0.0
	if g.Exact {
		exact = 1
	}
	groupExact.send(ch, exact, name, g.Name)
	for _, v := range []struct {
		family family
		value  int64
	}{
		{groupUnread, g.Unread},
		{groupPending, g.Pending},
		{groupClaimable, g.Claimable},
		{groupDead, g.Dead},
		{groupWaiting, g.Waiting},
		{groupDue, g.Due},
	} {
		v.family.send(ch, float64(v.value), name, g.Name)
	}
	groupPendingBy.send(ch, o.age(g.OldestPending), name, g.Name)
	groupUnreadBy.send(ch, o.age(g.OldestUnread), name, g.Name)
	groupConsumers.send(ch, float64(g.Alive), name, g.Name, "alive")
	groupConsumers.send(ch, float64(g.Idle), name, g.Name, "idle")
}

// age is how old an entry was when it was looked at, by the server's clock.
func (o *observed) age(id stream.ID) float64 {
	if id.IsZero() {
		return 0
	}
	return max(o.At.Sub(id.Time()).Seconds(), 0)
}

func ifKnown(ch chan<- prometheus.Metric, f family, n int64, labels ...string) {
	if n != stream.Unknown {
		f.send(ch, float64(n), labels...)
	}
}
