package tcp

import "time"

// isnTick is the period of the sequence number clock (RFC 9293 section 3.4.1).
const isnTick = 4 * time.Microsecond

func (t *Transport) flowHash(f *flow) uint64 {
	return hashFlow(t.secrets.table, &f.Local, &f.Remote, f.localPort, f.remotePort)
}

// newISN is the initial sequence number of RFC 6528: clock plus keyed hash of the flow. After an earlier connection of the same flow whose
// numbers ended at floor, it lies beyond them (RFC 6191).
func (t *Transport) newISN(f *flow, floor uint32) uint32 {
	isn := uint32(t.now/isnTick) + uint32(hashFlow(t.secrets.isn, &f.Local, &f.Remote, f.localPort, f.remotePort))
	if floor != 0 && !after(isn, floor) {
		isn = floor + isnStep
	}
	return isn
}

// isnStep is the distance kept from an earlier connection's numbers.
const isnStep = 1<<16 + 1

// clock is the timestamp clock: a millisecond (RFC 7323 section 5.4).
func (t *Transport) clock() uint32 { return uint32(t.now / time.Millisecond) }

// tsOffset hides the clock: each flow has its own, the same for later connections of the flow, so that they can follow at once (RFC 6191).
func (t *Transport) tsOffset(f *flow) uint32 {
	return uint32(hashFlow(t.secrets.timestamp, &f.Local, &f.Remote, f.localPort, f.remotePort))
}

func (t *Transport) tsClock(c *conn) uint32 { return tsAt(c, t.now) }

func tsAt(c *conn, at time.Duration) uint32 { return uint32(at/time.Millisecond) + c.tsOff }
