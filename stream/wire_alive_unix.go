//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package stream

import (
	"net"
	"syscall"
	"time"
)

// alive tells whether the other side has hung up, without a round trip: a command
// written to a connection that is gone would have an unknown outcome.
func alive(conn net.Conn) bool {
	encrypted := false
	if under, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn, encrypted = under.NetConn(), true
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	// A deadline that has passed would keep us from looking.
	if conn.SetReadDeadline(time.Time{}) != nil {
		return false
	}
	ok = false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err != nil:
			ok = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		default:
			// Nothing was asked, so nothing may come but what TLS says of itself.
			ok = n > 0 && encrypted
		}
		return true
	})
	return err == nil && ok
}
