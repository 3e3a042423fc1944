//go:build !unix

package gauge

import "time"

// processorTime is not known here.
func processorTime() time.Duration { return 0 }
