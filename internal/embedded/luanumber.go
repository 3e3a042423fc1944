package embedded

import (
	"math"
	"reflect"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// gopher-lua reads and shows numbers as Go does. Redis' Lua does it as C does:
// "%.14g" one way, strtod the other. What scripts use for it is replaced here:
// tostring, tonumber, table.concat and the operator "..".

// openNumbers replaces the functions. It runs behind the base libraries.
func openNumbers(vm *lua.LState) {
	globals := vm.G.Global
	globals.RawSetString("tostring", vm.NewFunction(func(l *lua.LState) int {
		v := l.CheckAny(1)
		if n, ok := v.(lua.LNumber); ok {
			v = lua.LString(formatLua(n))
		}
		l.Push(l.ToStringMeta(v))
		return 1
	}))
	globals.RawSetString("tonumber", vm.NewFunction(luaToNumber))
	globals.RawSetString(concatName, vm.NewFunction(luaConcat))
	if table, ok := globals.RawGetString(lua.TabLibName).(*lua.LTable); ok {
		table.RawSetString("concat", vm.NewFunction(luaTableConcat))
	}
}

// formatLua is C's "%.14g".
func formatLua(n lua.LNumber) string {
	f := float64(n)
	switch {
	case f == math.Trunc(f) && math.Abs(f) < 1e14 && (f != 0 || !math.Signbit(f)):
		return strconv.FormatInt(int64(f), 10)
	case math.IsInf(f, 0):
		return strings.TrimPrefix(formatFloat(f), "+")
	case math.IsNaN(f):
		if math.Signbit(f) {
			return "-nan"
		}
		return "nan"
	}
	return strconv.FormatFloat(f, 'g', 14, 64)
}

// luaToNumber: tonumber(v [, base])
func luaToNumber(l *lua.LState) int {
	base := l.OptInt(2, 10)
	v := l.CheckAny(1)
	if n, ok := v.(lua.LNumber); ok && base == 10 {
		l.Push(n)
		return 1
	}
	s, ok := v.(lua.LString)
	if !ok {
		l.Push(lua.LNil)
		return 1
	}
	text, _, _ := strings.Cut(string(s), "\x00")
	var f float64
	if base == 10 {
		f, _, ok = strtod(strings.TrimRight(text, cSpace))
	} else {
		var n uint64
		n, err := strconv.ParseUint(strings.ToLower(strings.Trim(text, cSpace)), base, 64)
		f, ok = float64(n), err == nil
	}
	if !ok {
		l.Push(lua.LNil)
		return 1
	}
	l.Push(lua.LNumber(f))
	return 1
}

// luaText is a value that may be joined with others, as text.
func luaText(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return formatLua(v), true
	}
	return "", false
}

// luaConcat is the operator "..", with all operands of a chain.
func luaConcat(l *lua.LState) int {
	var all strings.Builder
	for i := range l.GetTop() {
		v := l.Get(i + 1)
		text, ok := luaText(v)
		if !ok {
			l.RaiseError("attempt to concatenate a %s value", v.Type().String())
		}
		all.WriteString(text)
	}
	l.Push(lua.LString(all.String()))
	return 1
}

// luaTableConcat: table.concat(t [, separator [, from [, to]]])
func luaTableConcat(l *lua.LState) int {
	t, separator := l.CheckTable(1), l.OptString(2, "")
	from, to := l.OptInt(3, 1), l.OptInt(4, t.Len())
	var all strings.Builder
	for i := from; i <= to; i++ {
		v := t.RawGetInt(i)
		text, ok := luaText(v)
		if !ok {
			l.RaiseError("invalid value (%s) at index %d in table for 'concat'", v.Type().String(), i)
		}
		all.WriteString(text)
		if i < to {
			all.WriteString(separator)
		}
	}
	l.Push(lua.LString(all.String()))
	return 1
}

// concatName is a global that no script can name.
const concatName = "\x00concat"

var exprType = reflect.TypeFor[ast.Expr]()

// replaceConcat puts calls of luaConcat in the place of "..", everywhere below
// a piece of a script.
func replaceConcat(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			replaceConcat(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			replaceConcat(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			replaceConcat(v.Field(i))
		}
	case reflect.Interface:
		if v.IsNil() {
			return
		}
		if concat, ok := v.Interface().(*ast.StringConcatOpExpr); ok && v.Type() == exprType {
			v.Set(reflect.ValueOf(concatCall(concat)))
		}
		replaceConcat(v.Elem())
	}
}

func concatCall(concat *ast.StringConcatOpExpr) *ast.FuncCallExpr {
	name := &ast.IdentExpr{Value: concatName}
	call := &ast.FuncCallExpr{Func: name, Args: operands(concat), AdjustRet: true}
	for _, e := range []ast.Expr{name, call} {
		e.SetLine(concat.Line())
		e.SetLastLine(concat.LastLine())
	}
	return call
}

// operands of a .. (b .. c) are a, b and c.
func operands(e ast.Expr) []ast.Expr {
	if concat, ok := e.(*ast.StringConcatOpExpr); ok {
		return append(operands(concat.Lhs), operands(concat.Rhs)...)
	}
	return []ast.Expr{e}
}
