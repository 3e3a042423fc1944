package embedded

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// scripts holds the one Lua interpreter and what EVAL and SCRIPT LOAD have
// compiled. As in Redis, a script runs alone and nothing comes in between.
type scripts struct {
	b      *Broker
	vm     *lua.LState
	loaded map[string]*compiled // what EVALSHA knows, by the SHA1 of the source, hexadecimal
	// compiled is whatever was ever loaded, by source: it costs time to compile again what
	// SCRIPT FLUSH or Reset has made unknown.
	compiled map[string]*compiled

	// Of the script at work: what it may do, and whether it has written.
	readOnly, mayFill, wrote bool
}

type compiled struct {
	proto *lua.FunctionProto
	// Declared by its first line.
	flagged, readOnly, mayFill bool
}

// needsMemory says whether the first line asks for a check that there is some.
func (c *compiled) needsMemory() bool { return c.flagged && !c.mayFill && !c.readOnly }

// find looks for the script of an EVAL or EVALSHA; it is nil when it is not
// known yet, or is none.
func (s *scripts) find(c *call) *compiled {
	switch c.name {
	case "eval", "eval_ro":
		if !strings.HasPrefix(c.args[0], "#!") {
			return nil
		}
		code, _ := s.compiledOf(c.args[0])
		return code
	case "evalsha", "evalsha_ro":
		return s.loaded[strings.ToLower(c.args[0])]
	}
	return nil
}

func (s *scripts) close() { s.vm.Close() }

func sha1hex(s string) string {
	sum := sha1.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// load makes a script known under its SHA1.
func (s *scripts) load(source string) (sha string, fail any) {
	sha = sha1hex(source)
	if s.loaded[sha] != nil {
		return sha, nil
	}
	code, fail := s.compiledOf(source)
	if fail != nil {
		return "", fail
	}
	s.loaded[sha] = code
	return sha, nil
}

// compiledOf compiles what was not compiled before.
func (s *scripts) compiledOf(source string) (*compiled, any) {
	if code := s.compiled[source]; code != nil {
		return code, nil
	}
	code, fail := compile(source)
	if fail != nil {
		return nil, fail
	}
	if len(s.compiled) >= maxCompiled {
		clear(s.compiled)
	}
	s.compiled[source] = code
	return code, nil
}

// maxCompiled bounds what is kept for scripts that come with their arguments
// written into them.
const maxCompiled = 1000

func compile(source string) (*compiled, any) {
	code, c := source, &compiled{}
	if strings.HasPrefix(code, "#!") { // "#!lua flags=no-writes", Redis 7.0
		first, rest, _ := strings.Cut(code, "\n")
		c.flagged, c.readOnly, c.mayFill = true, strings.Contains(first, "no-writes"), strings.Contains(first, "allow-oom")
		code = "\n" + rest
	}
	chunk, err := parse.Parse(strings.NewReader(code), "user_script")
	if err == nil {
		replaceConcat(reflect.ValueOf(chunk))
		c.proto, err = lua.Compile(chunk, "user_script")
	}
	if err != nil {
		return nil, failure("ERR Error compiling script (new function): " + compileError(err))
	}
	return c, nil
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
	if c.b.scripts.loaded[sha] == nil {
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
	code := s.loaded[sha]
	switch {
	case code.flagged && !code.readOnly && readOnly:
		return failure("ERR Can not execute a script with write flag using *_ro command.")
	case s.b.full && code.needsMemory():
		return failure("OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'")
	}
	s.readOnly, s.mayFill, s.wrote = readOnly || code.readOnly, code.mayFill, false
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
		return failing(text, " script: ", sha)
	}
	return failing(text, " script: ", sha, ", on @user_script:", line, ".")
}

func scriptLoad(c *call) any {
	sha, fail := c.b.scripts.load(c.args[1])
	if fail != nil {
		return fail
	}
	return sha
}

func scriptExists(c *call) any {
	list := make([]any, 0, len(c.args)-1)
	for _, sha := range c.args[1:] {
		found := int64(0)
		if c.b.scripts.loaded[strings.ToLower(sha)] != nil {
			found = 1
		}
		list = append(list, found)
	}
	return list
}

// scriptFlush: SCRIPT FLUSH [ASYNC|SYNC]
func scriptFlush(c *call) any {
	if n := len(c.args); n > 2 || n == 2 && !strings.EqualFold(c.args[1], "sync") && !strings.EqualFold(c.args[1], "async") {
		return failure("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
	}
	clear(c.b.scripts.loaded)
	return okReply
}

func scriptKill(*call) any { return failure("NOTBUSY No scripts in execution right now.") }
