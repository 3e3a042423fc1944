package world

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Masters looks at who of a group of servers is a master.
type Masters struct {
	clients map[string]*redis.Client
}

// WatchMasters is a look at the servers of a group, which may be repeated; nil for a standalone one. It ends with Close.
func (w *World) WatchMasters() *Masters {
	if w.Server != nil {
		return nil
	}
	m := &Masters{clients: map[string]*redis.Client{}}
	for _, node := range w.nodes() {
		m.clients[node.Addr()] = ClientOf(node)
	}
	return m
}

// Look is the addresses of those that call themselves masters and answer at once, sorted and joined.
func (m *Masters) Look(ctx context.Context) string {
	const patience = 500 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var mu sync.Mutex
	var masters []string
	var looking sync.WaitGroup
	for addr, client := range m.clients {
		looking.Go(func() {
			info, err := client.Info(ctx, "replication").Result()
			if err == nil && strings.Contains(info, "role:master") {
				mu.Lock()
				masters = append(masters, addr)
				mu.Unlock()
			}
		})
	}
	looking.Wait()
	slices.Sort(masters)
	return strings.Join(masters, " ")
}

// Close ends the looking.
func (m *Masters) Close() {
	for _, client := range m.clients {
		_ = client.Close()
	}
}
