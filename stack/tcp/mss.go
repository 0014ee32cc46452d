package tcp

import "ringstack/stack/wire"

// minMSS bounds the overhead that a peer's MSS option can force on us.
const minMSS = 216

// headers is the length of the IP and TCP headers without options.
func headers(r *Route) int32 {
	if r.Remote.Is4() {
		return 20 + wire.TCPLen
	}
	return 40 + wire.TCPLen
}

// announcedMSS is the MSS option: it does not count options (RFC 6691).
func announcedMSS(r *Route) uint16 { return uint16(min(max(r.MTU-headers(r), minMSS), 65535)) }

// defaultMSS holds for a peer that sends no MSS option (RFC 9293 section 3.7.1).
func defaultMSS(r *Route) uint16 {
	if r.Remote.Is4() {
		return 536
	}
	return 1220
}

// setMSS computes the payload of a full segment from the peer's MSS, the path MTU and the options in each segment.
func (c *conn) setMSS() {
	mss := max(min(c.peerMSS, announcedMSS(&c.Route)), minMSS)
	if c.has(useTS) {
		mss -= tsOptionLen
	}
	c.mss = mss
}
