//go:build !linux

package history

import "time"

func monotonic() int64 { return time.Now().UnixNano() }
