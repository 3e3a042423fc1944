package stac

import "net/netip"

// reserved are the networks of IPv4 that netip has no name for, from IANA's
// registry of special-purpose addresses.
var reserved = []struct {
	network netip.Prefix
	what    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this-network"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "reserved"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmark"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("2001::/23"), "reserved"}, // Teredo among them
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
}

var (
	unicast = netip.MustParsePrefix("2000::/3")     // all of IPv6 that is public so far
	nat64   = netip.MustParsePrefix("64:ff9b::/96") // an IPv4 address in its last 4 bytes
	sixTo4  = netip.MustParsePrefix("2002::/16")    // an IPv4 address in bytes 2 to 5
)

// notPublic says what kind of address it is that nobody on the internet has;
// empty for public ones.
func notPublic(addr netip.Addr) string {
	switch {
	case !addr.IsValid():
		return "invalid"
	case addr.IsLoopback():
		return "loopback"
	case addr.IsPrivate():
		return "private"
	case addr.IsLinkLocalUnicast(), addr.IsLinkLocalMulticast():
		return "link-local"
	case addr.IsMulticast():
		return "multicast"
	case addr.IsUnspecified():
		return "this-host"
	}
	for _, r := range reserved {
		if r.network.Contains(addr) {
			return r.what
		}
	}
	if addr.Is4() {
		return ""
	}
	b := addr.As16()
	switch {
	case nat64.Contains(addr):
		return notPublic(netip.AddrFrom4([4]byte(b[12:16])))
	case sixTo4.Contains(addr):
		return notPublic(netip.AddrFrom4([4]byte(b[2:6])))
	case !unicast.Contains(addr):
		return "reserved"
	}
	return ""
}
