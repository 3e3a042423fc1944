package bare

import "strconv"

// appendCommand appends a command of that many arguments, its name included; the
// arguments follow.
func appendCommand(dst []byte, args int) []byte {
	dst = append(dst, '*')
	dst = strconv.AppendInt(dst, int64(args), 10)
	return append(dst, '\r', '\n')
}

// AppendArg appends one argument of a command as RESP has it.
func AppendArg[T string | []byte](dst []byte, arg T) []byte {
	dst = append(dst, '$')
	dst = strconv.AppendInt(dst, int64(len(arg)), 10)
	dst = append(dst, '\r', '\n')
	dst = append(dst, arg...)
	return append(dst, '\r', '\n')
}

// AppendPair appends a field of an entry: its name and its value.
func AppendPair[T string | []byte](dst []byte, name string, value T) []byte {
	return AppendArg(AppendArg(dst, name), value)
}

// AppendCommand appends a command with its arguments.
func AppendCommand(dst []byte, args ...string) []byte {
	dst = appendCommand(dst, len(args))
	for _, arg := range args {
		dst = AppendArg(dst, arg)
	}
	return dst
}
