package embedded

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// luaOf turns a reply into what a script sees: nulls become false, a status
// a table with ok.
func luaOf(l *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case string:
		return lua.LString(v)
	case int64:
		return lua.LNumber(v)
	case double:
		return lua.LString(formatFloat(float64(v)))
	case status:
		return luaField(l, "ok", string(v))
	case failure:
		return luaField(l, "err", string(v))
	case pairs:
		return luaList(l, v)
	case byStream:
		return luaList(l, v.list())
	case []any:
		return luaList(l, v)
	}
	return lua.LFalse
}

func luaField(l *lua.LState, name, text string) lua.LValue {
	t := l.CreateTable(0, 1) // NewTable's first field would make room for 32
	t.RawSetString(name, lua.LString(text))
	return t
}

func luaList(l *lua.LState, list []any) lua.LValue {
	t := l.CreateTable(len(list), 0)
	for i, v := range list {
		t.RawSetInt(i+1, luaOf(l, v))
	}
	return t
}

// replyOf turns what a script returned into a reply: numbers are cut to
// integers, lists end at the first nil, false is null.
func replyOf(v lua.LValue) any {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return int64(v)
	case lua.LBool:
		if v {
			return int64(1)
		}
	case *lua.LTable:
		if text, ok := v.RawGetString("err").(lua.LString); ok {
			return failing(string(text))
		}
		if text, ok := v.RawGetString("ok").(lua.LString); ok {
			line, _, _ := strings.Cut(string(text), "\x00")
			return status(line)
		}
		list := []any{}
		for i := 1; ; i++ {
			e := v.RawGetInt(i)
			if e == lua.LNil {
				return list
			}
			list = append(list, replyOf(e))
		}
	}
	return null{}
}
