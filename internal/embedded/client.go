package embedded

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const badClientName = failure("ERR Client names cannot contain spaces, newlines or special characters.")

func validName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' })
}

var clientCommands = map[string]*command{
	"id":       {run: func(c *call) any { return c.client.id }, arity: 2, flags: noScript},
	"getname":  {run: clientGetName, arity: 2, flags: noScript},
	"setname":  {run: clientSetName, arity: 3, flags: noScript},
	"setinfo":  {run: clientSetInfo, arity: 4, flags: noScript},
	"unblock":  {run: clientUnblock, arity: -3, flags: noScript},
	"list":     {run: clientList, arity: -2, flags: noScript},
	"info":     {run: func(c *call) any { return c.client.describe() }, arity: 2, flags: noScript},
	"no-evict": {run: func(*call) any { return okReply }, arity: 3, flags: noScript},
	"no-touch": {run: func(*call) any { return okReply }, arity: 3, flags: noScript},
}

func clientGetName(c *call) any {
	if c.client.name == "" {
		return null{}
	}
	return c.client.name
}

func clientSetName(c *call) any {
	if !validName(c.args[1]) {
		return badClientName
	}
	c.client.name = c.args[1]
	return okReply
}

// clientSetInfo: CLIENT SETINFO LIB-NAME|LIB-VER value (Redis 7.2).
func clientSetInfo(c *call) any {
	attribute := strings.ToLower(c.args[1])
	if attribute != "lib-name" && attribute != "lib-ver" {
		return failing("ERR Unrecognized option '", c.args[1], "'")
	}
	if !validName(c.args[2]) {
		return failing("ERR ", attribute, " cannot contain spaces, newlines or special characters.")
	}
	if c.client.library == nil {
		c.client.library = map[string]string{}
	}
	c.client.library[attribute] = c.args[2]
	return okReply
}

// clientUnblock: CLIENT UNBLOCK id [TIMEOUT|ERROR]
func clientUnblock(c *call) any {
	var answer any = nullArray{}
	if len(c.args) > 2 {
		switch {
		case len(c.args) > 3:
			return badSyntax
		case strings.EqualFold(c.args[2], "error"):
			answer = failure("UNBLOCKED client unblocked via CLIENT UNBLOCK")
		case !strings.EqualFold(c.args[2], "timeout"):
			return failure("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
		}
	}
	id, err := strconv.ParseInt(c.args[1], 10, 64)
	if err != nil {
		return badInt
	}
	cn := c.b.conns[id]
	if cn == nil || cn.blocked == nil {
		return int64(0)
	}
	cn.blocked.finish(answer)
	return int64(1)
}

// clientList: CLIENT LIST [TYPE type | ID id...]
func clientList(c *call) any {
	conns := c.b.clients()
	var text strings.Builder
	for _, cn := range conns {
		if len(c.args) > 2 && strings.EqualFold(c.args[1], "id") && !slices.Contains(c.args[2:], strconv.FormatInt(cn.id, 10)) {
			continue
		}
		text.WriteString(cn.describe())
	}
	return text.String()
}

// describe is a line of CLIENT LIST. The address is not known here.
func (cn *conn) describe() string {
	flags, proto := "N", 2
	if cn.blocked != nil {
		flags = "b"
	}
	if cn.resp3 {
		proto = 3
	}
	now := cn.b.now()
	return fmt.Sprintf("id=%d addr=127.0.0.1:0 name=%s age=%d idle=%d flags=%s db=0 cmd=%s user=default resp=%d lib-name=%s lib-ver=%s\n",
		cn.id, cn.name, int64(now.Sub(cn.since).Seconds()), int64(now.Sub(cn.latest).Seconds()), flags, cn.command, proto,
		cn.library["lib-name"], cn.library["lib-ver"])
}
