package embedded

import (
	"fmt"
	"maps"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// version is the Redis whose stream commands these are.
const version = "7.0.15"

// hello: HELLO [2|3 [AUTH user password] [SETNAME name]]
func hello(c *call) any {
	cn, args, name := c.client, c.args, c.client.name
	resp3 := cn.resp3
	if len(args) > 0 {
		switch args[0] {
		case "2", "3":
			resp3 = args[0] == "3"
		default:
			if _, err := strconv.Atoi(args[0]); err != nil {
				return failure("ERR Protocol version is not an integer or out of range")
			}
			return failure("NOPROTO unsupported protocol version")
		}
		for args = args[1:]; len(args) > 0; {
			switch {
			case strings.EqualFold(args[0], "auth") && len(args) > 2:
				if args[1] != "default" { // which has no password: any will do
					return failure("WRONGPASS invalid username-password pair or user is disabled.")
				}
				args = args[3:]
			case strings.EqualFold(args[0], "setname") && len(args) > 1:
				name, args = args[1], args[2:]
			default:
				return failing("ERR Syntax error in HELLO option '", args[0], "'")
			}
		}
	}
	if !validName(name) {
		return badClientName
	}
	cn.name = name
	cn.speak(resp3)
	proto := int64(2)
	if resp3 {
		proto = 3
	}
	return pairs{"server", "redis", "version", version, "proto", proto, "id", cn.id, "mode", "standalone", "role", "master", "modules", []any{}}
}

func selectDB(c *call) any {
	switch _, err := strconv.Atoi(c.args[0]); {
	case err != nil:
		return badInt
	case c.args[0] != "0":
		return failure("ERR DB index is out of range")
	}
	return okReply
}

// cluster answers what a Redis that is not a cluster answers; miniredis would
// play a cluster of one.
func cluster(*call) any {
	return failure("ERR This instance has cluster support disabled")
}

func timeNow(c *call) any {
	now := c.b.now().UnixMicro()
	return []any{strconv.FormatInt(now/1e6, 10), strconv.FormatInt(now%1e6, 10)}
}

func role(*call) any { return []any{"master", int64(0), []any{}} }

func quit(c *call) any {
	c.client.hangUp()
	return okReply
}

// commandCommand: COMMAND INFO and COUNT; the rest is miniredis' own.
func commandCommand(c *call) any {
	switch {
	case len(c.args) > 1 && strings.EqualFold(c.args[0], "info"):
		list := make([]any, 0, len(c.args)-1)
		for _, name := range c.args[1:] {
			list = append(list, c.b.commandInfo(strings.ToLower(name)))
		}
		return list
	case len(c.args) == 1 && strings.EqualFold(c.args[0], "count"):
		return int64(len(commands))
	case len(c.args) == 0:
		list := make([]any, 0, len(commands))
		for _, name := range slices.Sorted(maps.Keys(commands)) {
			list = append(list, c.b.commandInfo(name))
		}
		return list
	}
	return unknownSubcommand(c, "COMMAND")
}

// commandInfo is what Redis 6 answered: name, arity, flags, and the places of
// the keys; null for what is not known.
func (b *Broker) commandInfo(name string) any {
	own, ok := commands[name]
	if !ok {
		if !b.isGuest(name) {
			return null{}
		}
		own = &command{arity: -1, flags: readonly, firstKey: 1}
		if b.writes(name, nil) {
			own.flags = write
		}
	}
	flags := []any{}
	for _, f := range []struct {
		flag commandFlag
		word status
	}{{write, "write"}, {readonly, "readonly"}, {denyOOM, "denyoom"}, {noScript, "noscript"}} {
		if own.flags&f.flag != 0 {
			flags = append(flags, f.word)
		}
	}
	key := int64(own.firstKey)
	return []any{name, int64(own.arity), flags, key, key, min(key, 1), []any{}, []any{}, []any{}, []any{}}
}

// settings are what CONFIG GET tells: constants of a Redis that keeps all in
// memory and evicts nothing.
var settings = [][2]string{
	{"appendfsync", "everysec"},
	{"appendonly", "no"},
	{"databases", "1"},
	{"maxclients", "10000"},
	{"maxmemory", "0"},
	{"maxmemory-policy", "noeviction"},
	{"min-replicas-to-write", "0"},
	{"save", ""},
	{"stream-node-max-bytes", strconv.Itoa(nodeMaxBytes)},
	{"stream-node-max-entries", strconv.Itoa(nodeMaxEntries)},
	{"timeout", "0"},
}

func configGet(c *call) any {
	got := pairs{}
	for _, setting := range settings {
		if slices.ContainsFunc(c.args[1:], func(pattern string) bool {
			match, err := path.Match(strings.ToLower(pattern), setting[0])
			return match && err == nil
		}) {
			got = append(got, setting[0], setting[1])
		}
	}
	return got
}

func configSet(*call) any { return failure("ERR CONFIG SET is not supported by the embedded broker") }

func configResetStat(c *call) any {
	c.b.commands = 0
	return okReply
}

// info: INFO [section...]. Sections have those fields that clients look for.
func info(c *call) any {
	b := c.b
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	_, port, _ := strings.Cut(b.addr, ":")
	up := int64(b.now().Sub(b.started).Seconds())
	sections := []struct{ name, text string }{
		{"Server", fmt.Sprintf("redis_version:%s\nredis_mode:standalone\nserver_name:leat-embedded\nos:%s\narch_bits:%d\nprocess_id:%d\ntcp_port:%s\nuptime_in_seconds:%d\nuptime_in_days:%d\n",
			version, runtime.GOOS, strconv.IntSize, os.Getpid(), port, up, up/86400)},
		{"Clients", fmt.Sprintf("connected_clients:%d\nblocked_clients:%d\n", len(b.conns), b.blockedClients())},
		{"Memory", fmt.Sprintf("used_memory:%d\nused_memory_rss:%d\nmaxmemory:0\nmaxmemory_policy:noeviction\n", mem.HeapAlloc, mem.Sys)},
		{"Persistence", "loading:0\nrdb_bgsave_in_progress:0\naof_enabled:0\naof_rewrite_in_progress:0\n"},
		{"Stats", fmt.Sprintf("total_commands_processed:%d\nevicted_keys:0\n", b.commands)},
		{"Replication", "role:master\nconnected_slaves:0\nmaster_repl_offset:0\n"},
		{"Cluster", "cluster_enabled:0\n"},
		{"Keyspace", fmt.Sprintf("db0:keys=%d,expires=0,avg_ttl=0\n", len(b.keys))},
	}
	var text strings.Builder
	for _, section := range sections {
		if !wanted(section.name, c.args) {
			continue
		}
		if text.Len() > 0 {
			text.WriteString("\r\n")
		}
		text.WriteString("# " + section.name + "\r\n" + strings.ReplaceAll(section.text, "\n", "\r\n"))
	}
	return text.String()
}

func wanted(section string, asked []string) bool {
	return len(asked) == 0 || slices.ContainsFunc(asked, func(a string) bool {
		a = strings.ToLower(a)
		return a == strings.ToLower(section) || a == "default" || a == "all" || a == "everything"
	})
}

func (b *Broker) blockedClients() (n int) {
	for _, cn := range b.conns {
		if cn.blocked != nil {
			n++
		}
	}
	return n
}
