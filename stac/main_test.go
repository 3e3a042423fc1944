package stac_test

import (
	"context"
	"iter"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is the deadline of what must happen at once, on a machine that has other things to do.
const patience = 3 * time.Minute

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// day is when the items of most tests begin.
var day = time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// client talks to a server on this machine, without pauses and limits, unless cfg says so.
func client(t testing.TB, cfg stac.ClientConfig) *stac.Client {
	t.Helper()
	if cfg.AllowNetworks == nil {
		cfg.AllowNetworks = loopback
	}
	if cfg.Limiter == nil {
		cfg.Limiter = stac.NewLimiter(0, 1)
	}
	if cfg.RetryFor == 0 {
		cfg.RetryFor = stac.NoRetry
	}
	c, err := stac.NewClient(cfg)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func of(t testing.TB, s *stactest.Server) *stac.Client {
	t.Helper()
	return client(t, stac.ClientConfig{URL: s.URL})
}

// gathered is what came of an iteration.
type gathered struct {
	ids   []string
	items []stac.Item
	pages []*stac.Page
	err   error
}

func gather(pages iter.Seq2[*stac.Page, error]) gathered {
	var g gathered
	for page, err := range pages {
		if err != nil {
			g.err = err
			return g
		}
		g.pages = append(g.pages, page)
		for _, item := range page.Items {
			g.ids = append(g.ids, item.Collection+"/"+item.ID)
			g.items = append(g.items, item)
		}
	}
	return g
}

// distinct are the IDs without those that came twice.
func (g gathered) distinct() map[string]bool {
	set := map[string]bool{}
	for _, id := range g.ids {
		set[id] = true
	}
	return set
}

func (g gathered) stray() int {
	n := 0
	for _, page := range g.pages {
		n += page.Stray
	}
	return n
}

func names(items []stactest.Item) map[string]bool {
	set := map[string]bool{}
	for _, item := range items {
		set[item.Collection+"/"+item.ID] = true
	}
	return set
}
