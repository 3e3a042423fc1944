package redistest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/redistest"
)

func TestInstalledServersStart(t *testing.T) {
	t.Parallel()
	programs := redistest.Installed(t)
	if len(programs) == 0 {
		t.Fatal("none")
	}
	for _, p := range programs {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, redistest.Binary(p.Path), redistest.AOF("always"))
			c := s.Client(t)
			mustSet(t, c, "k", "v")
			text := c.Info(context.Background(), "server").Val()
			if !strings.Contains(text, p.Kind+"_version:"+p.Version+"\r\n") {
				t.Errorf("INFO says another version:\n%s", text)
			}
			s.Restart()
			if got := get(t, c, "k"); got != "v" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestNewestIsFetched(t *testing.T) {
	path, ok := redistest.Newest(t)
	t.Setenv("LEAT_TEST_REDIS_NEWEST", redistest.Installed(t)[0].Path)
	named, namedOK := redistest.Newest(t)
	if !namedOK || named != redistest.Installed(t)[0].Path {
		t.Errorf("named %q %v", named, namedOK)
	}
	t.Setenv("LEAT_TEST_REDIS_NEWEST", "")
	t.Setenv("LEAT_REDIS_CACHE", t.TempDir())
	if again, found := redistest.Newest(t); found {
		t.Errorf("in an empty cache: %q (before: %q, %v)", again, path, ok)
	}
}
