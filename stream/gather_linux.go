package stream

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// gatherFor bounds the wait for replies that turn out to be shorter than those before
// them. A server that takes longer for a pipeline is no worse off than without.
const gatherFor = 20 * time.Millisecond

// errLowWater ends a connection on which nobody would be woken by a short reply.
var errLowWater = errors.New("set SO_RCVLOWAT back to 1: refused")

// await reads when so many bytes have come, or when it has taken too long. It returns at
// once where it cannot wait for them: with TLS, bytes on the socket are no bytes of
// replies, and not every sandbox lets us ask for it.
func (w *wire) await(c *cursor, bytes int, deadline time.Time) error {
	socket, ok := w.net.(syscall.Conn)
	if !ok || time.Until(deadline) < 2*gatherFor || !lowWater(socket, bytes) {
		return nil
	}
	err := w.net.SetReadDeadline(time.Now().Add(gatherFor))
	if err == nil {
		err = w.more(c, 1)
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if !lowWater(socket, 1) {
		return errLowWater
	}
	return w.net.SetReadDeadline(deadline)
}

// lowWater sets how many bytes have to be there before the socket counts as readable;
// its end always does.
func lowWater(socket syscall.Conn, bytes int) (ok bool) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		ok = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, bytes) == nil
	})
	return err == nil && ok
}
