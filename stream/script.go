package stream

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by SHA-1; nothing secret hangs on it
	"encoding/hex"
)

// A script is sent by its SHA-1, and in full when the server does not know it
// (first use, SCRIPT FLUSH, a restart, another master).
type script struct {
	name, source, sha string
}

// newScript puts the shared functions in front of a script's own lines.
func newScript(name, source string) *script {
	source = libLua + "\n" + source
	sum := sha1.Sum([]byte(source)) //nolint:gosec // see the import
	return &script{name, source, hex.EncodeToString(sum[:])}
}

// run executes the script about the group; args come behind the group's name
// and the consumer's.
func (g *Group) run(ctx context.Context, s *script, consumer string, args ...any) (*cursor, error) {
	all := make([]any, 0, len(args)+9)
	all = append(all, "EVALSHA", s.sha, 4, g.keys.Stream, g.retryKey, g.failuresKey, g.deadKey, g.name, consumer)
	all = append(all, args...)
	reply, err := g.conn.do(ctx, g.keys.Stream, all...)
	if Code(err) == "NOSCRIPT" {
		all[0], all[1] = "EVAL", s.source
		reply, err = g.conn.do(ctx, g.keys.Stream, all...)
	}
	return reply, err
}
