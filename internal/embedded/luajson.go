package embedded

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// maxJSONDepth is lua-cjson's limit for nested tables.
const maxJSONDepth = 1000

// openJSON gives scripts cjson.encode, cjson.decode and cjson.null.
func openJSON(vm *lua.LState) {
	null := vm.NewUserData()
	cjson := vm.SetFuncs(vm.NewTable(), map[string]lua.LGFunction{
		"encode": func(l *lua.LState) int {
			buf, err := appendJSON(nil, l.CheckAny(1), null, 0)
			if err != nil {
				l.RaiseError("%s", err.Error())
			}
			l.Push(lua.LString(buf))
			return 1
		},
		"decode": func(l *lua.LState) int {
			var v any
			if err := json.Unmarshal([]byte(l.CheckString(1)), &v); err != nil {
				l.RaiseError("cjson.decode: %s", err.Error())
			}
			l.Push(luaOfJSON(l, v, null))
			return 1
		},
	})
	cjson.RawSetString("null", null)
	vm.G.Global.RawSetString("cjson", cjson)
}

func luaOfJSON(l *lua.LState, v any, null lua.LValue) lua.LValue {
	switch v := v.(type) {
	case string:
		return lua.LString(v)
	case float64:
		return lua.LNumber(v)
	case bool:
		return lua.LBool(v)
	case []any:
		t := l.CreateTable(len(v), 0)
		for i, e := range v {
			t.RawSetInt(i+1, luaOfJSON(l, e, null))
		}
		return t
	case map[string]any:
		t := l.CreateTable(0, len(v))
		for name, e := range v {
			t.RawSetString(name, luaOfJSON(l, e, null))
		}
		return t
	}
	return null
}

func appendJSON(buf []byte, v lua.LValue, null lua.LValue, depth int) ([]byte, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("cannot serialise, excessive depth (%d)", depth)
	}
	switch t := v.(type) {
	case lua.LString:
		return appendJSONString(buf, string(t)), nil
	case lua.LNumber:
		if f := float64(t); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errors.New("cannot serialise number: must not be NaN or Inf")
		}
		return strconv.AppendFloat(buf, float64(t), 'g', 14, 64), nil // C's "%.14g"
	case lua.LBool:
		return strconv.AppendBool(buf, bool(t)), nil
	case *lua.LTable:
		return appendJSONTable(buf, t, null, depth+1)
	case *lua.LUserData:
		if lua.LValue(t) == null {
			return append(buf, "null"...), nil
		}
	case *lua.LNilType:
		return append(buf, "null"...), nil
	}
	return nil, fmt.Errorf("cannot serialise %s: type not supported", v.Type())
}

func appendJSONTable(buf []byte, t *lua.LTable, null lua.LValue, depth int) ([]byte, error) {
	var err error
	if n := t.MaxN(); n > 0 && countKeys(t) == n {
		buf = append(buf, '[')
		for i := 1; i <= n; i++ {
			if i > 1 {
				buf = append(buf, ',')
			}
			if buf, err = appendJSON(buf, t.RawGetInt(i), null, depth); err != nil {
				return nil, err
			}
		}
		return append(buf, ']'), nil
	}
	buf = append(buf, '{')
	first := true
	for key, v := t.Next(lua.LNil); key != lua.LNil; key, v = t.Next(key) {
		if !first {
			buf = append(buf, ',')
		}
		first = false
		switch key.(type) {
		case lua.LString, lua.LNumber:
			buf = appendJSONString(buf, lua.LVAsString(key))
		default:
			return nil, errors.New("cannot serialise table: table key must be a number or string")
		}
		if buf, err = appendJSON(append(buf, ':'), v, null, depth); err != nil {
			return nil, err
		}
	}
	return append(buf, '}'), nil
}

func countKeys(t *lua.LTable) (n int) {
	t.ForEach(func(lua.LValue, lua.LValue) { n++ })
	return n
}

// appendJSONString escapes what cjson escapes, the slash too, and lets all
// other bytes be.
func appendJSONString(buf []byte, s string) []byte {
	buf = append(buf, '"')
	for _, c := range []byte(s) {
		switch {
		case bytes.IndexByte([]byte(`"\/`), c) >= 0:
			buf = append(buf, '\\', c)
		case c == '\n':
			buf = append(buf, `\n`...)
		case c == '\r':
			buf = append(buf, `\r`...)
		case c == '\t':
			buf = append(buf, `\t`...)
		case c == '\b':
			buf = append(buf, `\b`...)
		case c == '\f':
			buf = append(buf, `\f`...)
		case c < ' ' || c == 0x7f:
			buf = fmt.Appendf(buf, `\u%04x`, c)
		default:
			buf = append(buf, c)
		}
	}
	return append(buf, '"')
}
