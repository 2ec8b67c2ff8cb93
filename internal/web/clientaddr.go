package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddr returns the client's address and whether it spoke TLS. What X-Forwarded-For and X-Forwarded-Proto say
// counts only when a trusted proxy says it: each proxy appends the address it was spoken to from, so the
// rightmost address that is not a trusted proxy's is the last one that the client cannot have invented.
func (h *handler) clientAddr(r *http.Request) (netip.Addr, bool) {
	connected, _ := netip.ParseAddrPort(r.RemoteAddr)
	client := connected.Addr().Unmap().WithZone("")
	if !h.trusted(client) {
		return client, r.TLS != nil
	}
	protocol := lastListElement(r.Header["X-Forwarded-Proto"])
	tls := r.TLS != nil || strings.EqualFold(protocol, "https")
	for _, header := range slices.Backward(r.Header["X-Forwarded-For"]) {
		for _, element := range slices.Backward(strings.Split(header, ",")) {
			addr, ok := parseForwarded(strings.TrimSpace(element))
			if !ok {
				return client, tls
			}
			client = addr
			if !h.trusted(client) {
				return client, tls
			}
		}
	}
	return client, tls
}

func (h *handler) trusted(addr netip.Addr) bool {
	return addr.IsValid() && slices.ContainsFunc(h.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// parseForwarded reads an address, with a port where a proxy adds one.
func parseForwarded(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		withPort, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.Unmap().WithZone(""), true
}

func lastListElement(headers []string) string {
	if len(headers) == 0 {
		return ""
	}
	last := headers[len(headers)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}
