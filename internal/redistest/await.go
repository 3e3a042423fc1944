package redistest

import (
	"context"
	"fmt"
	"time"
)

const (
	// awaitTimeout bounds how long a group of servers may take to agree: a failover takes 2 to 4 s on an idle machine.
	awaitTimeout = 60 * time.Second
	// lookTimeout bounds one look at all servers of a group, of which some may be paused.
	lookTimeout = 5 * time.Second
	// groupPollInterval is the pause between two looks at a group of servers.
	groupPollInterval = 25 * time.Millisecond
)

// await calls look until it returns nil; what is what is waited for. Its error holds the last reason why not.
func await(what string, look func(context.Context) error) error {
	deadline := time.Now().Add(awaitTimeout)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
		err := look(ctx)
		cancel()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("redistest: wait for %s: not after %v: %w", what, awaitTimeout, err)
		}
		time.Sleep(groupPollInterval) //nolint:forbidigo // between two looks at a condition, up to a deadline
	}
}
