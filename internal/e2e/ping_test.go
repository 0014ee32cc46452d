package e2e

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// The longest data of an echo request, in bytes: in one packet of an MTU of 1500, and at all.
const (
	whole4, whole6     = 1500 - 20 - 8, 1500 - 40 - 8
	longest4, longest6 = 65535 - 20 - 8, 65535 - 8
)

func TestPingOfAllSizes(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	attach(t, e, "")
	newPinger(t, e, "4").pingAll(t, sizes(0, whole4)) // net_af_packet has no longer ones
	newPinger(t, e, "6").pingAll(t, sizes(0, longest6))
	pingProgram(t, e, testenv.Stack4, 0, 1, 56, whole4)
	pingProgram(t, e, testenv.Stack6, 0, 1, 56, whole6, whole6+1, longest4)
}

func TestPingInFragments(t *testing.T) {
	e := testenv.New(t, testenv.Config{Vdev: testenv.AFXDP})
	attach(t, e, "")
	newPinger(t, e, "4").pingAll(t, sizes(whole4-20, longest4))
	newPinger(t, e, "6").pingAll(t, sizes(whole6-20, longest6))
	pingProgram(t, e, testenv.Stack4, whole4, whole4+1, 2*whole4, longest4)
}

// sizes are from to to: each up to that of a few fragments, then some.
func sizes(from, to int) (list []int) {
	const each, step = 4600, 991
	for n := from; n < to; n++ {
		if n > each {
			n = min(n+step, to-1)
		}
		list = append(list, n)
	}
	return append(list, to)
}

// pingPatience is how long a reply may take on a machine that does much else: none is to be lost.
const pingPatience = 10 * time.Second

// pinger sends echo requests from the namespace (RFC 792, RFC 4443 section 4).
type pinger struct {
	conn           net.PacketConn
	to             net.Addr
	request, reply byte // types
	six            bool
	seq            uint16
}

func newPinger(t *testing.T, e *testenv.Env, version string) *pinger {
	t.Helper()
	p := &pinger{to: &net.IPAddr{IP: net.ParseIP(testenv.Stack4)}, request: 8, reply: 0}
	network := "ip4:icmp"
	if version == "6" {
		p = &pinger{to: &net.IPAddr{IP: net.ParseIP(testenv.Stack6)}, request: 128, reply: 129, six: true}
		network = "ip6:ipv6-icmp"
	}
	err := e.In(func() (err error) {
		p.conn, err = net.ListenPacket(network, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.conn.Close() })
	return p
}

func (p *pinger) pingAll(t *testing.T, sizes []int) {
	t.Helper()
	start := time.Now()
	for _, size := range sizes {
		if err := p.ping(size); err != nil {
			t.Errorf("ping %s with %d bytes: %v", p.to, size, err)
			return
		}
	}
	t.Logf("%s: %d pings of %d to %d bytes in %v", p.to, len(sizes), sizes[0], sizes[len(sizes)-1], time.Since(start))
}

// ping sends size bytes of data and waits for the reply with the same data.
func (p *pinger) ping(size int) error {
	const id = 0x7273
	p.seq++
	message := []byte{p.request, 0, 0, 0, id >> 8, id & 0xff, byte(p.seq >> 8), byte(p.seq)}
	message = append(message, file(size)...)
	if !p.six { // the kernel writes ICMPv6's checksum
		binary.BigEndian.PutUint16(message[2:], ^add(0, message))
	}
	if err := p.conn.SetDeadline(time.Now().Add(pingPatience)); err != nil {
		return err
	}
	if _, err := p.conn.WriteTo(message, p.to); err != nil {
		return err
	}
	buf := make([]byte, 1<<16)
	for {
		n, from, err := p.conn.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return errors.New("no reply")
		}
		if err != nil {
			return err
		}
		got := buf[:n]
		if n < 8 || got[0] != p.reply || !bytes.Equal(got[4:8], message[4:8]) || from.String() != p.to.String() {
			continue
		}
		if !bytes.Equal(got[8:], message[8:]) {
			return fmt.Errorf("other data came back, %d bytes", n-8)
		}
		return nil
	}
}

// pingProgram runs ping, which fails without three replies and looks at what comes back, with sizes.
func pingProgram(t *testing.T, e *testenv.Env, host string, sizes ...int) {
	t.Helper()
	for _, size := range sizes {
		out := run(t, e, "ping", "-n", "-c", "3", "-i", "0.01", "-w", "15", "-s", strconv.Itoa(size), host)
		if strings.Contains(out, "wrong") || strings.Contains(out, "DUP") {
			t.Errorf("ping -s %d %s:\n%s", size, host, out)
		}
	}
}
