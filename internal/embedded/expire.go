package embedded

import (
	"math"
	"strings"
)

// badExpireTime is for times that are not above 0, or that overflow.
func badExpireTime(command string) failure {
	return failing("ERR invalid expire time in '", command, "' command")
}

// expire: [P]EXPIRE[AT] key time [NX|XX|GT|LT]. Unit is what one of the time
// is in milliseconds.
func expire(c *call, unit int64, relative bool) any {
	nx, xx, gt, lt, fail := expireOptions(c.args[2:])
	if fail != nil {
		return fail
	}
	when, ok := parseInt(c.args[1])
	if !ok {
		return badInt
	}
	if when > math.MaxInt64/unit || when < math.MinInt64/unit {
		return badExpireTime(c.name)
	}
	when *= unit
	now := c.b.nowMillis()
	if relative {
		if when > math.MaxInt64-now {
			return badExpireTime(c.name)
		}
		when += now
	}
	o := c.b.find(c.args[0])
	switch {
	case o == nil,
		nx && o.expires != 0,
		xx && o.expires == 0,
		gt && (o.expires == 0 || when <= o.expires),
		lt && o.expires != 0 && when >= o.expires:
		return int64(0)
	case when <= now:
		c.b.remove(c.args[0])
	default:
		c.b.expireAt(o, when)
	}
	return int64(1)
}

func expireOptions(args []string) (nx, xx, gt, lt bool, fail any) {
	for _, arg := range args {
		switch strings.ToLower(arg) {
		case "nx":
			nx = true
		case "xx":
			xx = true
		case "gt":
			gt = true
		case "lt":
			lt = true
		default:
			return nx, xx, gt, lt, failing("ERR Unsupported option ", arg)
		}
	}
	switch {
	case nx && (xx || gt || lt):
		fail = failure("ERR NX and XX, GT or LT options at the same time are not compatible")
	case gt && lt:
		fail = failure("ERR GT and LT options at the same time are not compatible")
	}
	return nx, xx, gt, lt, fail
}

// timeLeft: [P]TTL and [P]EXPIRETIME; -2 without the key, -1 without an end.
func timeLeft(c *call, unit int64, relative bool) any {
	o := c.b.find(c.args[0])
	switch {
	case o == nil:
		return int64(-2)
	case o.expires == 0:
		return int64(-1)
	case relative:
		return (max(o.expires-c.b.nowMillis(), 0) + unit/2) / unit
	}
	return (o.expires + unit/2) / unit
}

func persist(c *call) any {
	o := c.b.find(c.args[0])
	if o == nil || o.expires == 0 {
		return int64(0)
	}
	o.expires = 0
	return int64(1)
}
