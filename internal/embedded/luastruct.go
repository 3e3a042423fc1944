package embedded

import (
	"encoding/binary"
	"math"
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// openStruct gives scripts struct.pack, struct.unpack and struct.size with the
// formats > < = b B h H i[n] I[n] l L f d c[n] s x.
func openStruct(vm *lua.LState) {
	vm.G.Global.RawSetString("struct", vm.SetFuncs(vm.NewTable(), map[string]lua.LGFunction{
		"pack":   structPack,
		"unpack": structUnpack,
		"size":   structSize,
	}))
}

// A structItem is one letter of a format.
type structItem struct {
	kind byte
	size int // bytes; -1 for s, which ends at a zero byte
	big  bool
}

func structFormat(l *lua.LState, format string) []structItem {
	var items []structItem
	big := false
	for i := 0; i < len(format); {
		kind := format[i]
		j := i + 1
		for j < len(format) && format[j] >= '0' && format[j] <= '9' {
			j++
		}
		n, _ := strconv.Atoi(format[i+1 : j])
		given := j > i+1
		i = j
		size := 0
		switch kind {
		case '>', '<', '=':
			big = kind == '>'
			continue
		case ' ':
			continue
		case 'b', 'B', 'x':
			size = 1
		case 'h', 'H':
			size = 2
		case 'i', 'I':
			if size = 4; given {
				size = n
			}
		case 'l', 'L', 'd':
			size = 8
		case 'f':
			size = 4
		case 'c':
			if size = 1; given {
				size = n
			}
		case 's':
			size = -1
		default:
			l.RaiseError("invalid format option [%c]", kind)
		}
		if (kind == 'i' || kind == 'I') && (size < 1 || size > 8) {
			l.RaiseError("integral size %d is larger than limit of 8", size)
		}
		items = append(items, structItem{kind, size, big})
	}
	return items
}

func structPack(l *lua.LState) int {
	var buf []byte
	arg := 2
	for _, item := range structFormat(l, l.CheckString(1)) {
		switch item.kind {
		case 'x':
			buf = append(buf, 0)
			continue
		case 's':
			buf = append(append(buf, l.CheckString(arg)...), 0)
		case 'c':
			s := l.CheckString(arg)
			if item.size == 0 {
				item.size = len(s)
			}
			if len(s) < item.size {
				l.ArgError(arg, "string too short")
			}
			buf = append(buf, s[:item.size]...)
		default:
			buf = appendNumber(buf, item, float64(l.CheckNumber(arg)))
		}
		arg++
	}
	l.Push(lua.LString(buf))
	return 1
}

func appendNumber(buf []byte, item structItem, f float64) []byte {
	var bits uint64
	switch {
	case item.kind == 'd':
		bits = math.Float64bits(f)
	case item.kind == 'f':
		bits = uint64(math.Float32bits(float32(f)))
	case f < 0:
		bits = uint64(int64(f))
	default:
		bits = uint64(f)
	}
	var all [8]byte
	if item.big {
		binary.BigEndian.PutUint64(all[:], bits)
		return append(buf, all[8-item.size:]...)
	}
	binary.LittleEndian.PutUint64(all[:], bits)
	return append(buf, all[:item.size]...)
}

// structUnpack returns the values and the place after the last byte read.
func structUnpack(l *lua.LState) int {
	items, data := structFormat(l, l.CheckString(1)), l.CheckString(2)
	at, pushed := l.OptInt(3, 1)-1, 0
	for _, item := range items {
		size := item.size
		if item.kind == 's' {
			for size = 0; at+size < len(data) && data[at+size] != 0; size++ {
			}
			size++ // the zero byte
		}
		if item.kind == 'c' && size == 0 { // as long as the number before it says
			size = int(lua.LVAsNumber(l.Get(-1)))
			l.Pop(1)
			pushed--
		}
		if at < 0 || size < 0 || at+size > len(data) {
			l.ArgError(2, "data string too short")
		}
		part := data[at : at+size]
		at += size
		switch item.kind {
		case 'x':
			continue
		case 's':
			l.Push(lua.LString(part[:size-1]))
		case 'c':
			l.Push(lua.LString(part))
		default:
			l.Push(lua.LNumber(readNumber(item, part)))
		}
		pushed++
	}
	l.Push(lua.LNumber(at + 1))
	return pushed + 1
}

func readNumber(item structItem, part string) float64 {
	var bits uint64
	for i := range len(part) {
		at := i
		if !item.big {
			at = len(part) - 1 - i
		}
		bits = bits<<8 | uint64(part[at])
	}
	switch item.kind {
	case 'd':
		return math.Float64frombits(bits)
	case 'f':
		return float64(math.Float32frombits(uint32(bits)))
	case 'b', 'h', 'i', 'l':
		shift := 64 - 8*item.size
		return float64(int64(bits<<shift) >> shift)
	}
	return float64(bits)
}

func structSize(l *lua.LState) int {
	total := 0
	for _, item := range structFormat(l, l.CheckString(1)) {
		if item.size < 1 {
			l.ArgError(1, "variable-length format")
		}
		total += item.size
	}
	l.Push(lua.LNumber(total))
	return 1
}
