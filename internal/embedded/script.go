package embedded

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// scripts holds the one Lua interpreter and what EVAL and SCRIPT LOAD have
// compiled. As in Redis, a script runs alone and nothing comes in between.
type scripts struct {
	b     *Broker
	vm    *lua.LState
	cache map[string]*compiled // by SHA1 of the source, hexadecimal

	readOnly bool // of the script at work
}

type compiled struct {
	proto    *lua.FunctionProto
	readOnly bool // declared by its first line
}

func (s *scripts) close() { s.vm.Close() }

func sha1hex(s string) string {
	sum := sha1.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// load compiles a script and keeps it.
func (s *scripts) load(source string) (sha string, fail any) {
	sha = sha1hex(source)
	if s.cache[sha] != nil {
		return sha, nil
	}
	code, c := source, &compiled{}
	if strings.HasPrefix(code, "#!") { // "#!lua flags=no-writes", Redis 7.0
		first, rest, _ := strings.Cut(code, "\n")
		c.readOnly = strings.Contains(first, "no-writes")
		code = "\n" + rest
	}
	chunk, err := parse.Parse(strings.NewReader(code), "user_script")
	if err == nil {
		c.proto, err = lua.Compile(chunk, "user_script")
	}
	if err != nil {
		return "", failure("ERR Error compiling script (new function): " + compileError(err))
	}
	s.cache[sha] = c
	return sha, nil
}

// compileError says where first, as Lua does.
func compileError(err error) string {
	var parseErr *parse.Error
	if errors.As(err, &parseErr) {
		return fmt.Sprintf("user_script:%d: %s near '%s'", parseErr.Pos.Line, parseErr.Message, parseErr.Token)
	}
	return err.Error()
}

func eval(c *call) any            { return evalSource(c, false) }
func evalReadOnly(c *call) any    { return evalSource(c, true) }
func evalsha(c *call) any         { return evalLoaded(c, false) }
func evalshaReadOnly(c *call) any { return evalLoaded(c, true) }

func evalSource(c *call, readOnly bool) any {
	if fail := checkKeyCount(c.args); fail != nil {
		return fail
	}
	sha, fail := c.b.scripts.load(c.args[0])
	if fail != nil {
		return fail
	}
	return c.b.scripts.run(sha, c.args[1:], readOnly)
}

func evalLoaded(c *call, readOnly bool) any {
	if fail := checkKeyCount(c.args); fail != nil {
		return fail
	}
	sha := strings.ToLower(c.args[0])
	if c.b.scripts.cache[sha] == nil {
		return failure("NOSCRIPT No matching script. Please use EVAL.")
	}
	return c.b.scripts.run(sha, c.args[1:], readOnly)
}

func checkKeyCount(args []string) any {
	n, err := strconv.Atoi(args[1])
	switch {
	case err != nil:
		return badInt
	case n > len(args)-2:
		return failure("ERR Number of keys can't be greater than number of args")
	case n < 0:
		return failure("ERR Number of keys can't be negative")
	}
	return nil
}

// run executes a loaded script; args begin with the number of keys.
func (s *scripts) run(sha string, args []string, readOnly bool) any {
	code := s.cache[sha]
	s.readOnly = readOnly || code.readOnly
	n, _ := strconv.Atoi(args[0])
	globals := s.vm.G.Global
	globals.RawSetString("KEYS", s.table(args[1:1+n]))
	globals.RawSetString("ARGV", s.table(args[1+n:]))
	defer s.vm.SetTop(0)
	s.vm.Push(s.vm.NewFunctionFromProto(code.proto))
	if err := s.vm.PCall(0, 1, nil); err != nil {
		return scriptError(err, sha)
	}
	return replyOf(s.vm.Get(-1))
}

func (s *scripts) table(list []string) *lua.LTable {
	t := s.vm.CreateTable(len(list), 0)
	for i, v := range list {
		t.RawSetInt(i+1, lua.LString(v))
	}
	return t
}

// scriptError words an uncaught error as Redis 7.0 does. The error of a
// command keeps its first word, by which clients tell errors apart.
func scriptError(err error, sha string) any {
	value, trace := lua.LValue(lua.LString(err.Error())), ""
	var thrown *lua.ApiError
	if errors.As(err, &thrown) && thrown.Object != nil {
		value, trace = thrown.Object, thrown.StackTrace
	}
	text := "ERR " + lua.LVAsString(value)
	if t, ok := value.(*lua.LTable); ok {
		text = lua.LVAsString(t.RawGetString("err"))
	}
	line := ""
	if _, rest, ok := strings.Cut(trace, "user_script:"); ok {
		line, _, _ = strings.Cut(rest, ":")
	}
	if line == "" {
		return failure(text + " script: " + sha)
	}
	return failure(text + " script: " + sha + ", on @user_script:" + line + ".")
}

// script: SCRIPT LOAD, EXISTS, FLUSH.
func script(c *call) any {
	s := &c.b.scripts
	switch sub := strings.ToLower(c.args[0]); {
	case sub == "load" && len(c.args) == 2:
		sha, fail := s.load(c.args[1])
		if fail != nil {
			return fail
		}
		return sha
	case sub == "exists" && len(c.args) > 1:
		list := make([]any, 0, len(c.args)-1)
		for _, sha := range c.args[1:] {
			found := int64(0)
			if s.cache[strings.ToLower(sha)] != nil {
				found = 1
			}
			list = append(list, found)
		}
		return list
	case sub == "flush" && len(c.args) <= 2:
		if len(c.args) == 2 && !strings.EqualFold(c.args[1], "sync") && !strings.EqualFold(c.args[1], "async") {
			return failure("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
		}
		clear(s.cache)
		return okReply
	case sub == "kill":
		return failure("NOTBUSY No scripts in execution right now.")
	case sub == "load" || sub == "exists":
		return wrongArity("script|" + sub)
	}
	return unknownSubcommand(c, "SCRIPT")
}
