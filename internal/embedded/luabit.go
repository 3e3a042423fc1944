package embedded

import (
	"fmt"
	"math/bits"

	lua "github.com/yuin/gopher-lua"
)

// openBit gives scripts the bit library: 32 bits, results signed.
func openBit(vm *lua.LState) {
	fold := func(op func(a, b uint32) uint32) lua.LGFunction {
		return func(l *lua.LState) int {
			v := bitArg(l, 1)
			for i := 2; i <= l.GetTop(); i++ {
				v = op(v, bitArg(l, i))
			}
			return pushBits(l, v)
		}
	}
	shift := func(op func(v uint32, n uint32) uint32) lua.LGFunction {
		return func(l *lua.LState) int { return pushBits(l, op(bitArg(l, 1), bitArg(l, 2)&31)) }
	}
	vm.G.Global.RawSetString("bit", vm.SetFuncs(vm.NewTable(), map[string]lua.LGFunction{
		"band":    fold(func(a, b uint32) uint32 { return a & b }),
		"bor":     fold(func(a, b uint32) uint32 { return a | b }),
		"bxor":    fold(func(a, b uint32) uint32 { return a ^ b }),
		"tobit":   func(l *lua.LState) int { return pushBits(l, bitArg(l, 1)) },
		"bnot":    func(l *lua.LState) int { return pushBits(l, ^bitArg(l, 1)) },
		"bswap":   func(l *lua.LState) int { return pushBits(l, bits.ReverseBytes32(bitArg(l, 1))) },
		"lshift":  shift(func(v, n uint32) uint32 { return v << n }),
		"rshift":  shift(func(v, n uint32) uint32 { return v >> n }),
		"arshift": shift(func(v, n uint32) uint32 { return uint32(int32(v) >> n) }),
		"rol":     shift(func(v, n uint32) uint32 { return bits.RotateLeft32(v, int(n)) }),
		"ror":     shift(func(v, n uint32) uint32 { return bits.RotateLeft32(v, -int(n)) }),
		"tohex": func(l *lua.LState) int {
			l.Push(lua.LString(fmt.Sprintf("%08x", bitArg(l, 1))))
			return 1
		},
	}))
}

func bitArg(l *lua.LState, i int) uint32 { return uint32(int64(l.CheckNumber(i))) }

func pushBits(l *lua.LState, v uint32) int {
	l.Push(lua.LNumber(int32(v)))
	return 1
}
