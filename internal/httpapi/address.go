package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// clientAddress is the peer's own address, unless the peer is a proxy we trust: then the last address
// in X-Forwarded-For that is not a trusted proxy itself. What stands before that was written by the
// client and is not believed.
func (a *API) clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if len(a.cfg.TrustedProxies) == 0 {
		return host
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	address = address.Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.trusts(address); i-- {
		before, ok := parseHop(hops[i])
		if !ok {
			break
		}
		address = before
	}
	return address.String()
}

// parseHop reads an address with or without a port, since some proxies write one.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), true
}

func (a *API) trusts(address netip.Addr) bool {
	for _, network := range a.cfg.TrustedProxies {
		if network.Contains(address) {
			return true
		}
	}
	return false
}
