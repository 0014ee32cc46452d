package stack

import (
	"encoding/binary"
	"time"

	"ringstack/stack/wire"
)

// Duplicate address detection (RFC 4862 section 5.4).
const (
	detectProbes   = 1 // DupAddrDetectTransmits
	detectInterval = time.Second
	detectDelay    = time.Second // MAX_RTR_SOLICITATION_DELAY, spread at random
)

// detectLater makes an address tentative.
func (e *Engine) detectLater(a *address) {
	a.kind, a.probes = tentative, 0
	a.detectAt = e.now + time.Duration(e.random()%uint64(detectDelay))
	binary.BigEndian.PutUint32(a.nonce[:], uint32(e.random()))
	e.detectAt = min(e.detectAt, a.detectAt)
}

// detect sends due probes and ends detection where nobody objected.
func (e *Engine) detect() {
	if e.now < e.detectAt {
		return
	}
	e.detectAt = never
	for i := range e.addresses.list {
		a := &e.addresses.list[i]
		if a.kind != tentative {
			continue
		}
		if e.now >= a.detectAt {
			e.detectStep(a)
		}
		if a.kind == tentative {
			e.detectAt = min(e.detectAt, a.detectAt)
		}
	}
}

func (e *Engine) detectStep(a *address) {
	p := &e.ports[a.port]
	if a.probes < detectProbes {
		a.probes++
		a.detectAt = e.now + detectInterval
		group := a.addr.SolicitedNode()
		mac := wire.MulticastMAC(&group)
		n := wire.Neighbor{Target: a.addr, Options: wire.NDPOptions{HasNonce: true, Nonce: a.nonce}} // RFC 7527 section 4.1
		e.sendNeighbor(p, wire.ICMPv6NeighborSolicit, &n, &wire.Addr{}, &group, &mac)
		return
	}
	a.kind = unicast
	e.flushHops()
	e.announce(p, &a.addr)
}

// solicitForTentative is a solicitation for an address that we are about to use: from somebody who is about to use it
// too, it ends that, unless it is our own come back (RFC 7527 section 4.2).
func (e *Engine) solicitForTentative(own *address, n *wire.Neighbor, probe bool) {
	if probe && (!n.Options.HasNonce || n.Options.Nonce != own.nonce) {
		e.duplicate(own, &wire.MAC{})
	}
}

// duplicate ends the detection of an address that somebody else has. The address stays, unusable, until it is removed.
func (e *Engine) duplicate(own *address, mac *wire.MAC) {
	e.stats[NDPDuplicate]++
	own.kind = duplicated
	addr := own.addr
	e.conflict(&e.ports[own.port], &addr, mac)
}
