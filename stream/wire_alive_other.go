//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package stream

import "net"

// alive cannot be told here without a round trip.
func alive(net.Conn) bool { return true }
