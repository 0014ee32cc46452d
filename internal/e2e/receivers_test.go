package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/secondary"
)

// Ports of the receivers: shared by two, owned by a third one, and nobody's.
const (
	sharedPort = 5000
	ownedPort  = 6000
	floodPort  = 7000
)

// receivers are secondaries that note which datagrams they get, and the flows of these.
type receivers struct {
	flows  []*udpFlow
	serial uint64 // of the latest datagram

	mu  sync.Mutex
	got map[uint64]arrival // by serial
}

// udpFlow is where the datagrams of a test come from and go to.
type udpFlow struct {
	src, dst         netip.Addr
	srcPort, dstPort uint16
	home             string // who gets them when they are not fragmented
}

type arrival struct {
	by    string
	times int
	data  []byte
}

func newReceivers(t *testing.T, e *testenv.Env) *receivers {
	t.Helper()
	r := &receivers{got: make(map[uint64]arrival)}
	a, b, c := attach(t, e, "g"), attach(t, e, "g"), attach(t, e, "other")
	r.listen(t, a, "a", sharedPort)
	r.listen(t, b, "b", sharedPort)
	r.listen(t, c, "c", ownedPort)
	for _, ends := range [][2]netip.Addr{{ghost4, stack4}, {ghost6, stack6}} {
		for i := range uint16(8) {
			r.flows = append(r.flows, &udpFlow{src: ends[0], srcPort: 4000 + i, dst: ends[1], dstPort: sharedPort})
		}
		r.flows = append(r.flows, &udpFlow{src: ends[0], srcPort: 4000, dst: ends[1], dstPort: ownedPort})
		conn, err := b.DialContext(t.Context(), "udp", net.JoinHostPort(ends[0].String(), "53"))
		if err != nil {
			t.Fatal(err)
		}
		go r.receive("b, who has leased the port", conn.Read)
		leased := uint16(conn.LocalAddr().(*net.UDPAddr).Port)
		r.flows = append(r.flows, &udpFlow{src: ends[0], srcPort: 53, dst: ends[1], dstPort: leased})
	}
	return r
}

func (r *receivers) listen(t *testing.T, s *secondary.Secondary, name string, port int) {
	t.Helper()
	p, err := s.ListenPacket("udp", ":"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	go r.receive(name, func(b []byte) (int, error) {
		n, _, err := p.ReadFrom(b)
		return n, err
	})
}

// receive notes what comes until there is no more to come.
func (r *receivers) receive(name string, read func([]byte) (int, error)) {
	buf := make([]byte, 1<<16)
	for {
		n, err := read(buf)
		if err != nil {
			return
		}
		serial := binary.BigEndian.Uint64(buf)
		r.mu.Lock()
		r.got[serial] = arrival{name, r.got[serial].times + 1, bytes.Clone(buf[8:n])}
		r.mu.Unlock()
	}
}

// next makes a flow's next datagram, with n bytes of data.
func (r *receivers) next(flow *udpFlow, n int) (ipPacket, uint64) {
	r.serial++
	data := append(binary.BigEndian.AppendUint64(nil, r.serial), file(n)...)
	return udpBetween(flow.src, flow.srcPort, flow.dst, flow.dstPort, data), r.serial
}

// findHomes sends a datagram of each flow whole.
func (r *receivers) findHomes(t *testing.T, wire *testenv.Wire, f forger) {
	t.Helper()
	homes := make(map[string]bool)
	for _, flow := range r.flows {
		p, serial := r.next(flow, 100)
		if flow.dst.Is4() {
			send(t, wire, f.piece(p, 0, len(p.payload), 0))
		} else {
			send(t, wire, f.ip6(p.proto, p.payload))
		}
		flow.home = r.await(t, serial).by
		homes[flow.home] = true
	}
	if len(homes) != 4 {
		t.Fatalf("the flows lead to %v only", homes)
	}
}

func (r *receivers) await(t *testing.T, serial uint64) (a arrival) {
	t.Helper()
	testenv.Eventually(t, 5*time.Second, fmt.Sprintf("datagram %d arrives", serial), func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		a = r.got[serial]
		return a.times > 0
	})
	return a
}

// wantAll sends a datagram of n bytes of each flow, their fragments in the order that disorder brings all of them in. Each has to arrive
// where the flow is at home.
func (r *receivers) wantAll(t *testing.T, wire *testenv.Wire, f forger, flows []*udpFlow, n int, disorder func(fragments [][]byte)) {
	t.Helper()
	sent := make(map[uint64]*udpFlow)
	var fragments [][]byte
	for _, flow := range flows {
		p, serial := r.next(flow, n)
		fragments = append(fragments, f.fragments(p, 1240, uint32(serial))...)
		sent[serial] = flow
	}
	disorder(fragments)
	for _, frame := range fragments {
		send(t, wire, frame)
	}
	want := file(n)
	for serial, flow := range sent {
		if a := r.await(t, serial); a.by != flow.home || a.times != 1 || !bytes.Equal(a.data, want) {
			t.Errorf("%+v: %s got it %d times, with %d of %d bytes right or not", flow, a.by, a.times, len(a.data), n)
		}
	}
}
