package durability

import (
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/stream"
)

// page is how many entries are looked at by one call.
const page = 5_000

// retryAfter is the pause before a page is read again.
const retryAfter = 100 * time.Millisecond

// idsOnly reads a page without sending what is in the entries.
var idsOnly = redis.NewScript(`
local ids = {}
for i, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])) do
	ids[i] = entry[1]
end
return ids`)

// readIDs returns the entries that a server has. One that has just taken over may hang up, or say that it is not ready.
func (r *round) readIDs(s *redistest.Server) (map[stream.ID]bool, error) {
	client := s.Client(r.host)
	there := map[stream.ID]bool{}
	for from := "-"; ; {
		ids, err := idsOnly.Run(r.ctx, client, []string{streamName}, from, page).StringSlice()
		if err != nil && !errors.Is(err, redis.Nil) {
			if ended := r.pause(retryAfter); ended != nil {
				return nil, fmt.Errorf("read what %s has: %w (%w)", s.Addr(), ended, err)
			}
			continue
		}
		for _, text := range ids {
			id, err := stream.ParseID(text)
			if err != nil {
				return nil, err
			}
			there[id] = true
			from = "(" + text
		}
		if len(ids) < page {
			return there, nil
		}
	}
}
