package limit

import "net/netip"

// AddressSubject gives the subject under which a client's address is counted: an IPv4 address as it
// is, an IPv6 address by its /64, since whoever holds one address of such a network holds them all.
// What is no address is counted as one subject together.
func AddressSubject(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	network, err := addr.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return network.Addr().String() + "/64"
}
