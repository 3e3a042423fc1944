package gauge

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzInfo: whatever INFO says, once and then again, is taken for what it is or left out.
func FuzzInfo(f *testing.F) {
	f.Add("# Server\r\nredis_version:7.0.15\r\nused_cpu_sys:1.5\r\nused_cpu_user:2\r\n", "used_cpu_sys:2.5\r\nused_cpu_user:3\r\nserver_time_usec:5\r\n")
	f.Add("valkey_version:9\nserver_time_usec:1\nmaxmemory:-1\nused_memory:99999999999999999999\n", "server_time_usec:0\n")
	f.Add("connected_slaves:1e300\nconnected_clients:x\naof_enabled:1", ":\n::\n#\r\r\n\x00:\xff")
	f.Fuzz(func(t *testing.T, before, after string) {
		a, b := parseInfo(before), parseInfo(after)
		s := serverOf(b)
		_, err := json.Marshal(s)
		require.NoError(t, err)
		at := time.Now()
		u := usage(reading{at: at, info: a}, reading{at: at.Add(time.Second), info: b})
		require.InDelta(t, 1, u.Seconds, 0.001)
	})
}
