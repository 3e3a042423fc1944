package redistest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// writeConfig writes redis.conf: what the package needs, then the options, which win.
func (in *instance) writeConfig() error {
	lines := []directive{
		{"bind", loopback},
		{"daemonize", "no"},
		{"dir", quote(in.dir)},
	}
	if in.mode == "" {
		lines = append(lines,
			directive{"save", `""`},
			directive{"appendonly", "no"},
			directive{"always-show-logo", "no"},
			directive{"repl-diskless-sync-delay", "0"}, // replicas are ready at once, not after 5 s
			// The default is 10 s, and CLUSTER SLOTS leaves a replica out until its master has sent it something.
			directive{"repl-ping-replica-period", "1"},
			directive{"shutdown-timeout", "0"}, // SIGTERM does not wait 10 s for a paused replica
			directive{"enable-debug-command", "local"},
		)
	}
	if in.set.cluster {
		// The default bus port is 10000 above the other one, where nobody has reserved it.
		lines = append(lines, directive{"cluster-enabled", "yes"}, directive{"cluster-port", strconv.Itoa(in.busPort.number)})
	}
	lines = append(lines, in.listening()...)
	lines = append(lines, in.access()...)
	lines = append(lines, in.set.extra...)

	var text strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&text, "%s %s\n", l.key, l.value)
	}
	if err := os.WriteFile(in.configPath(), []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("redistest: write the configuration: %w", err)
	}
	return nil
}

func (in *instance) configPath() string { return filepath.Join(in.dir, "redis.conf") }

// listening returns where the server listens: exactly one of plain TCP, TLS and a unix socket.
func (in *instance) listening() []directive {
	switch {
	case in.set.unix:
		return []directive{{"port", "0"}, {"unixsocket", quote(in.Addr())}, {"unixsocketperm", "700"}}
	case in.set.tls:
		return []directive{
			{"port", "0"},
			{"tls-port", strconv.Itoa(in.port.number)},
			{"tls-ca-cert-file", quote(in.certs.path("ca.crt"))},
			{"tls-cert-file", quote(in.certs.path("server.crt"))},
			{"tls-key-file", quote(in.certs.path("server.key"))},
			{"tls-auth-clients", "yes"},
		}
	default:
		return []directive{{"port", strconv.Itoa(in.port.number)}}
	}
}

// access returns passwords and users.
func (in *instance) access() []directive {
	var lines []directive
	if in.set.password != "" {
		lines = append(lines, directive{"requirepass", quote(in.set.password)})
	}
	if len(in.set.users) == 0 {
		return lines
	}
	if in.set.password == "" {
		lines = append(lines, directive{"user", "default off"})
	}
	all := append([]user{{in.admin.name, in.admin.password, "~* &* +@all"}}, in.set.users...)
	for _, u := range all {
		lines = append(lines, directive{"user", u.name + " on " + quote(">"+u.password) + " " + u.rules})
	}
	return lines
}

// quote makes one argument of s for redis.conf.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
