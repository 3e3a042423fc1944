package embedded

import (
	"context"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// open makes the interpreter with the libraries of Redis. A script at work
// when ctx ends is broken off, so that one that never ends cannot hold up Close.
func (s *scripts) open(ctx context.Context, b *Broker) {
	s.b, s.loaded, s.compiled = b, map[string]*compiled{}, map[string]*compiled{}
	// The registry may grow: unpack of some thousand values must work.
	vm := lua.NewState(lua.Options{SkipOpenLibs: true, RegistrySize: 4096, RegistryMaxSize: 1 << 20, RegistryGrowStep: 4096})
	s.vm = vm
	if ctx.Done() != nil { // looking at it before every instruction takes time
		vm.SetContext(ctx)
	}
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}, {lua.StringLibName, lua.OpenString}, {lua.MathLibName, lua.OpenMath}} {
		vm.Push(vm.NewFunction(library.open))
		vm.Push(lua.LString(library.name))
		vm.Call(1, 0)
	}
	openNumbers(vm)
	globals := vm.G.Global
	for _, name := range []string{"dofile", "loadfile", "module", "print", "require", "newproxy", "_printregs"} {
		globals.RawSetString(name, lua.LNil)
	}
	s.protectCalls(globals)
	redis := vm.SetFuncs(vm.NewTable(), map[string]lua.LGFunction{
		"call":               func(l *lua.LState) int { return s.luaCall(l, true) },
		"pcall":              func(l *lua.LState) int { return s.luaCall(l, false) },
		"error_reply":        luaErrorReply,
		"status_reply":       luaStatusReply,
		"sha1hex":            func(l *lua.LState) int { l.Push(lua.LString(sha1hex(l.CheckString(1)))); return 1 },
		"log":                func(*lua.LState) int { return 0 },
		"set_repl":           func(*lua.LState) int { return 0 },
		"replicate_commands": func(l *lua.LState) int { l.Push(lua.LTrue); return 1 },
		"setresp":            luaSetResp,
	})
	for i, name := range []string{"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"} {
		redis.RawSetString(name, lua.LNumber(i))
	}
	for name, n := range map[string]int{"REPL_NONE": 0, "REPL_AOF": 1, "REPL_SLAVE": 2, "REPL_REPLICA": 2, "REPL_ALL": 3} {
		redis.RawSetString(name, lua.LNumber(n))
	}
	redis.RawSetString("REDIS_VERSION", lua.LString(version))
	redis.RawSetString("REDIS_VERSION_NUM", lua.LNumber(0x0007000f))
	globals.RawSetString("redis", redis)
	globals.RawSetString("server", redis)
	openJSON(vm)
	openStruct(vm)
	openBit(vm)
	for _, name := range []string{"KEYS", "ARGV"} {
		globals.RawSetString(name, vm.NewTable())
	}
	protectGlobals(vm)
}

// protectCalls gives pcall the habit of Redis 7.0: what it catches of a failed
// command is the error's text, not a table.
func (s *scripts) protectCalls(globals *lua.LTable) {
	plain := globals.RawGetString("pcall")
	globals.RawSetString("pcall", s.vm.NewFunction(func(l *lua.LState) int {
		n := l.GetTop()
		l.Push(plain)
		for i := 1; i <= n; i++ {
			l.Push(l.Get(i))
		}
		l.Call(n, lua.MultRet)
		if results := l.GetTop() - n; results == 2 && l.Get(n+1) == lua.LFalse {
			if t, ok := l.Get(n + 2).(*lua.LTable); ok && t.RawGetString("err") != lua.LNil {
				l.Pop(1)
				l.Push(t.RawGetString("err"))
			}
		}
		return l.GetTop() - n
	}))
}

// protectGlobals forbids scripts to leave anything behind for the next one.
func protectGlobals(vm *lua.LState) {
	vm.SetMetatable(vm.G.Global, vm.SetFuncs(vm.NewTable(), map[string]lua.LGFunction{
		"__index": func(l *lua.LState) int {
			l.RaiseError("Script attempted to access nonexistent global variable '%s'", l.Get(2).String())
			return 0
		},
		"__newindex": func(l *lua.LState) int {
			l.RaiseError("Attempt to modify a readonly table")
			return 0
		},
	}))
}

// luaCall is redis.call, which raises errors, and redis.pcall, which returns
// them.
func (s *scripts) luaCall(l *lua.LState, raise bool) int {
	answer := s.command(l)
	if fail, ok := answer.(failure); ok {
		t := luaField(l, "err", string(fail))
		if raise {
			l.Error(t, 1)
			return 0
		}
		l.Push(t)
		return 1
	}
	l.Push(luaOf(l, answer))
	return 1
}

// command runs the command on the Lua stack.
func (s *scripts) command(l *lua.LState) any {
	n := l.GetTop()
	if n == 0 {
		return failure("ERR Please specify at least one argument for this redis lib call")
	}
	words := make([]string, n)
	for i := range words {
		switch v := l.Get(i + 1).(type) {
		case lua.LString:
			words[i] = string(v)
		case lua.LNumber:
			words[i] = strconv.FormatFloat(float64(v), 'g', 17, 64)
		default:
			return failure("ERR Lua redis lib command arguments must be strings or integers")
		}
	}
	c := &call{b: s.b, word: words[0], name: lowered(words[0]), args: words[1:]}
	own, fail := s.b.resolve(c)
	if fail == nil {
		fail = s.allow(c, own)
	} else {
		fail = refusedInScript(fail)
	}
	if fail != nil {
		return fail
	}
	answer := s.b.run(c, own)
	if raw, ok := answer.(encoded); ok {
		decoded, err := decodeReply([]byte(raw))
		if err != nil {
			return failure("ERR " + err.Error())
		}
		return decoded
	}
	return answer
}

// refusedInScript says in a script's words what no command can be.
func refusedInScript(fail any) any {
	if text, _ := fail.(failure); strings.HasPrefix(string(text), wrongArityText) {
		return failure("ERR Wrong number of args calling Redis command from script")
	}
	return failure("ERR Unknown Redis command called from script")
}

// allow says whether the script at work may call a command, and notes that it
// has written.
func (s *scripts) allow(c *call, own *command) any {
	switch writes := s.b.writes(c.name, own); {
	case own != nil && own.flags&noScript != 0:
		return failure("ERR This Redis command is not allowed from script")
	case writes && s.readOnly:
		return failure("ERR Write commands are not allowed from read-only scripts.")
	case s.b.full && !s.mayFill && !s.wrote && needsMemory(c.name, own):
		return outOfMemory
	default:
		s.wrote = s.wrote || writes
		return nil
	}
}

func luaErrorReply(l *lua.LState) int {
	text := strings.TrimPrefix(l.CheckString(1), "-")
	if !strings.Contains(text, " ") {
		text = "ERR " + text
	}
	l.Push(luaField(l, "err", text))
	return 1
}

func luaStatusReply(l *lua.LState) int {
	l.Push(luaField(l, "ok", l.CheckString(1)))
	return 1
}

func luaSetResp(l *lua.LState) int {
	if l.CheckInt(1) != 2 {
		l.RaiseError("redis.setresp: the embedded broker has RESP2 only in scripts")
	}
	return 0
}
