package stack

import (
	"time"

	"ringstack/stack/neigh"
	"ringstack/stack/wire"
)

// defendInterval is the least time between two announcements against a conflict (RFC 5227 section 1.1).
const defendInterval = 10 * time.Second

// arpInput takes an ARP packet (RFC 826). All ports learn; the engine that leads answers.
func (e *Engine) arpInput(p *port, b []byte) {
	e.stats[ARPIn]++
	a, ok := wire.ParseARP(b)
	if !ok || a.SenderMAC.IsGroup() || a.SenderMAC == (wire.MAC{}) || a.Sender != wire.Any4 && !a.Sender.IsUnicast() {
		e.stats[ARPBad]++
		return
	}
	if a.SenderMAC == p.config.MAC {
		return // our own words, or those of an engine that shares our address
	}
	if own := e.addresses.find(&a.Sender); own != nil && own.kind != subnetCast && own.port == p.id {
		e.arpConflict(p, own, &a.SenderMAC)
		return
	}
	target := e.addresses.find(&a.Target)
	forUs := target != nil && target.kind == unicast && target.port == p.id
	if a.Sender != wire.Any4 { // that is a probe of somebody who has no address yet (RFC 5227 section 2.1.1)
		e.arpLearn(p, &a, forUs)
	}
	if forUs && a.Op == wire.ARPRequest && e.speaks() {
		e.sendARP(p, wire.ARPReply, &a.Target, &a.Sender, &a.SenderMAC, &a.SenderMAC)
		e.stats[ARPReplies]++
	}
}

// arpLearn merges what the sender says: into an entry that is there always, into a new one when it speaks to us.
func (e *Engine) arpLearn(p *port, a *wire.ARP, forUs bool) {
	if a.Op == wire.ARPReply && forUs && e.neighbours.Awaits(int(p.id), &a.Sender) {
		e.neighbours.Advertise(int(p.id), &a.Sender, &neigh.Advert{MAC: a.SenderMAC, HasMAC: true, Solicited: true, Override: true}, false, e.now)
		return
	}
	// An answer that we did not ask for makes no entry, unless others ask in our name.
	create := forUs && (a.Op == wire.ARPRequest || e.shares())
	e.neighbours.Learn(int(p.id), &a.Sender, &a.SenderMAC, create, e.now)
}

// arpConflict is somebody using our address: tell, and defend it once in a while (RFC 5227 section 2.4 (b)).
func (e *Engine) arpConflict(p *port, own *address, mac *wire.MAC) {
	e.stats[ARPConflict]++
	addr := own.addr
	if e.now-p.defended >= defendInterval && e.speaks() {
		p.defended = e.now
		e.sendARP(p, wire.ARPRequest, &addr, &addr, &wire.MAC{}, &wire.BroadcastMAC)
	}
	e.conflict(p, &addr, mac)
}

// conflict tells the application. The arguments of the event live in the engine, not on the heap.
func (e *Engine) conflict(p *port, addr *wire.Addr, mac *wire.MAC) {
	e.events.Conflict(int(p.id), *addr, *mac)
}

// sendARP sends a packet about our address sender.
func (e *Engine) sendARP(p *port, op uint16, sender, target *wire.Addr, targetMAC, to *wire.MAC) {
	frame := e.buffer(p, p.etherLen+wire.ARPLen)
	if frame == nil {
		e.stats[NoBuffer]++
		return
	}
	wire.PutEthernet(frame, &wire.Ethernet{Dst: *to, Src: p.config.MAC, Type: wire.EtherTypeARP, VLAN: p.config.VLAN})
	wire.PutARP(frame[p.etherLen:], &wire.ARP{Op: op, SenderMAC: p.config.MAC, TargetMAC: *targetMAC, Sender: *sender, Target: *target})
	e.stats[EtherOut]++
	p.config.Device.Send()
}

// announce tells the link of an address that is ours now (RFC 5227 section 2.3, RFC 4861 section 7.2.6).
func (e *Engine) announce(p *port, a *wire.Addr) {
	if !p.config.Announce || !e.speaks() {
		return
	}
	if a.Is4() {
		e.sendARP(p, wire.ARPRequest, a, a, &wire.MAC{}, &wire.BroadcastMAC)
		return
	}
	e.sendAdvert(p, a, &wire.AllNodes, nil, wire.NDPOverride)
}

// Announce tells the link of a port of all its addresses: after a take-over, when others may send to another station.
func (e *Engine) Announce(port int) {
	if port < 0 || port >= len(e.ports) {
		return
	}
	for i := range e.addresses.list {
		a := &e.addresses.list[i]
		if int(a.port) != port || a.kind != unicast {
			continue
		}
		if p := &e.ports[port]; a.addr.Is4() {
			e.sendARP(p, wire.ARPRequest, &a.addr, &a.addr, &wire.MAC{}, &wire.BroadcastMAC)
		} else {
			e.sendAdvert(p, &a.addr, &wire.AllNodes, nil, wire.NDPOverride)
		}
	}
}
