package e2e

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"

	"ringstack/internal/testenv"
)

// Where things are in the frames of a forger, in bytes.
const (
	atIP = 14
	at4  = atIP + 20 // the transport header after IPv4
	at6  = atIP + 40 // and after IPv6
)

// Addresses of a station that is not there: what it says does no harm to the real peer.
var (
	ghost4 = netip.MustParseAddr("192.168.100.77")
	ghost6 = netip.MustParseAddr("fd00:100::77")
	stack4 = netip.MustParseAddr(testenv.Stack4)
	stack6 = netip.MustParseAddr(testenv.Stack6)
)

// forger makes good frames from the ghost to the stack, for tests to spoil.
type forger struct{ to, from net.HardwareAddr }

// newForger asks the kernel for the stack's MAC address.
func newForger(t *testing.T, e *testenv.Env, wire *testenv.Wire) forger {
	t.Helper()
	run(t, e, "ping", "-n", "-c", "1", "-w", "5", testenv.Stack4)
	device, err := net.InterfaceByName(e.Device)
	if err != nil {
		t.Fatal(err)
	}
	return forger{to: device.HardwareAddr, from: wire.MAC}
}

func (f forger) ether(kind uint16, payload []byte) []byte {
	frame := append(append([]byte{}, f.to...), f.from...)
	return append(binary.BigEndian.AppendUint16(frame, kind), payload...)
}

func (f forger) ip4(proto byte, payload []byte) []byte {
	h := make([]byte, 20, 20+len(payload))
	h[0], h[8], h[9] = 0x45, 64, proto
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(payload)))
	copy(h[12:], ghost4.AsSlice())
	copy(h[16:], stack4.AsSlice())
	frame := f.ether(0x0800, append(h, payload...))
	sumIPv4(frame)
	return frame
}

func (f forger) ip6(next byte, payload []byte) []byte {
	h := make([]byte, 40, 40+len(payload))
	h[0], h[6], h[7] = 0x60, next, 255
	binary.BigEndian.PutUint16(h[4:], uint16(len(payload)))
	copy(h[8:], ghost6.AsSlice())
	copy(h[24:], stack6.AsSlice())
	return f.ether(0x86dd, append(h, payload...))
}

func (f forger) arp() []byte {
	m := []byte{0, 1, 8, 0, 6, 4, 0, 1}
	m = append(append(m, f.from...), ghost4.AsSlice()...)
	m = append(append(m, make([]byte, 6)...), stack4.AsSlice()...)
	return f.ether(0x0806, m)
}

func (f forger) udp4(port uint16) []byte { return sum4(f.ip4(17, udp(port)), 6) }
func (f forger) udp6(port uint16) []byte { return sum6(f.ip6(17, udp(port)), 6) }
func (f forger) tcp4(port uint16) []byte { return sum4(f.ip4(6, syn(port)), 16) }
func (f forger) tcp6(port uint16) []byte { return sum6(f.ip6(6, syn(port)), 16) }
func (f forger) ping6() []byte           { return sum6(f.ip6(58, []byte{128, 0, 0, 0, 1, 2, 3, 4}), 2) }

func (f forger) ping4() []byte {
	frame := f.ip4(1, []byte{8, 0, 0, 0, 1, 2, 3, 4})
	binary.BigEndian.PutUint16(frame[at4+2:], ^add(0, frame[at4:]))
	return frame
}

// solicit asks who has the stack's IPv6 address (RFC 4861 section 4.3).
func (f forger) solicit() []byte {
	m := append(make([]byte, 8), stack6.AsSlice()...)
	m[0] = 135
	return sum6(f.ip6(58, append(append(m, 1, 1), f.from...)), 2)
}

func udp(port uint16) []byte {
	b := make([]byte, 8+16)
	binary.BigEndian.PutUint16(b, 4000)
	binary.BigEndian.PutUint16(b[2:], port)
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)))
	return b
}

func syn(port uint16) []byte {
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, 4000)
	binary.BigEndian.PutUint16(b[2:], port)
	b[12], b[13], b[14] = 5<<4, 2, 0x40
	return b
}

// spoilt returns a copy of frame after change.
func spoilt(frame []byte, change func(b []byte)) []byte {
	b := append([]byte{}, frame...)
	change(b)
	return b
}

// spoilt4 is spoilt with a right IPv4 header checksum.
func spoilt4(frame []byte, change func(b []byte)) []byte {
	return spoilt(frame, func(b []byte) {
		change(b)
		sumIPv4(b)
	})
}

// sumIPv4 writes the checksum of the IPv4 header, as long as it says that it is.
func sumIPv4(frame []byte) {
	h := frame[atIP:min(len(frame), atIP+int(frame[atIP]&0xf)*4)]
	h[10], h[11] = 0, 0
	binary.BigEndian.PutUint16(h[10:], ^add(0, h))
}

// sum4 writes the checksum at offset of the transport header over it and the pseudo header.
func sum4(frame []byte, offset int) []byte {
	l4 := frame[at4:]
	pseudo := uint32(frame[atIP+9]) + uint32(len(l4))
	binary.BigEndian.PutUint16(l4[offset:], ^add(uint32(add(pseudo, frame[atIP+12:atIP+20])), l4))
	return frame
}

func sum6(frame []byte, offset int) []byte {
	l4 := frame[at6:]
	pseudo := uint32(frame[atIP+6]) + uint32(len(l4))
	binary.BigEndian.PutUint16(l4[offset:], ^add(uint32(add(pseudo, frame[atIP+8:atIP+40])), l4))
	return frame
}

// add continues a ones' complement sum (RFC 1071).
func add(sum uint32, b []byte) uint16 {
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
