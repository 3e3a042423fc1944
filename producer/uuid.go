package producer

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// uuids makes the IDs of events that have none: UUIDs of version 7 (RFC 9562),
// each above those before. The random bits are those of math/rand/v2, which are
// good enough to be unique and cost no system call; nobody may take an ID for a
// secret.
type uuids struct {
	last atomic.Int64 // what next gave the one before: 48 bits of ms, 12 of their fraction
}

const (
	version7    = 7 << 12
	variantRFC  = 1 << 63
	randomBits  = 1<<62 - 1
	fractionLen = 12 // bits that say when inside the millisecond
)

// next is a UUID of that time. Those of one time, or made after the clock was set
// back, count up from the last.
func (u *uuids) next(now time.Time) (id uuid.UUID) {
	ns := now.UnixNano()
	const perMs = int64(time.Millisecond)
	stamp := ns/perMs<<fractionLen | ns%perMs>>8 // 256 ns is what fits into 12 bits
	for {
		last := u.last.Load()
		stamp = max(stamp, last+1)
		if u.last.CompareAndSwap(last, stamp) {
			break
		}
	}
	high := uint64(stamp)
	binary.BigEndian.PutUint64(id[:8], high>>fractionLen<<16|version7|high&(1<<fractionLen-1))
	binary.BigEndian.PutUint64(id[8:], variantRFC|rand.Uint64()&randomBits)
	return id
}

// uuidText is a UUID as people write it.
type uuidText [36]byte

func (t *uuidText) write(id uuid.UUID) {
	at := 0
	for _, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if at > 0 {
			t[at] = '-'
			at++
		}
		at += hex.Encode(t[at:], part)
	}
}
