package stack

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"ringstack/stack/tcp"
)

// crowd asks 64 bytes on many connections and counts the answers.
type crowd struct {
	h       *host
	ids     []tcp.ID
	data    [64]byte
	answers int
}

func (c *crowd) Accepted(l, id tcp.ID) {}
func (c *crowd) Connected(id tcp.ID, err syscall.Errno) {
	if err == 0 {
		c.ids = append(c.ids, id)
	}
}

func (c *crowd) Readable(id tcp.ID) {
	n := c.h.TCP().Unread(id)
	c.h.TCP().Consume(id, n)
	c.answers += n / len(c.data)
}
func (c *crowd) Writable(tcp.ID)              {}
func (c *crowd) Closed(tcp.ID, syscall.Errno) {}

// BenchmarkTCPRequests is the time of one request and its answer, both ends together, with all connections asking in turn, 64
// to a burst.
func BenchmarkTCPRequests(b *testing.B) {
	const burst = 64
	for _, n := range []int{1, 100, 1000, 30000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x, y := newPair(b)
			client, server := &crowd{h: x}, &stream{h: y, accepts: true}
			x.app, y.app = client, server
			y.TCP().Listen(tcp.ListenConfig{Port: 80})
			now := time.Duration(0)
			for i := range n {
				cc := tcp.ConnectConfig{Remote: y.v4, RemotePort: 80, Local: x.v4, LocalPort: uint16(2000 + i)}
				if _, err := x.TCP().Connect(&cc); err != 0 {
					b.Fatal(err)
				}
				if i%burst == 0 {
					now += time.Millisecond
					settle(now, x, y)
				}
			}
			run(now, now+time.Second, x, y)
			if len(client.ids) != n {
				b.Fatalf("%d of %d connections", len(client.ids), n)
			}
			now += 2 * time.Second
			b.ReportAllocs()
			at, asked := 0, 0
			client.answers = 0
			for b.Loop() {
				x.TCP().Write(client.ids[at], client.data[:])
				if at++; at == n {
					at = 0
				}
				if asked++; asked%burst == 0 || n < burst {
					now += 10 * time.Microsecond
					x.Poll(now)
					settle(now, x, y)
				}
			}
			x.Poll(now)
			settle(now, x, y)
			if n >= burst && client.answers != asked {
				b.Errorf("%d answers to %d requests", client.answers, asked)
			}
		})
	}
}

// BenchmarkTCPStream is the rate of a transfer in one direction.
func BenchmarkTCPStream(b *testing.B) {
	x, y := newPair(b)
	client, server := &crowd{h: x}, &crowd{h: y}
	x.app, y.app = client, server
	y.TCP().Listen(tcp.ListenConfig{Port: 80})
	id, _ := x.TCP().Connect(&tcp.ConnectConfig{Remote: y.v4, RemotePort: 80})
	now := time.Duration(0)
	settle(now, x, y)
	data := make([]byte, 64<<10)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		for rest := data; len(rest) > 0; {
			n, err := x.TCP().Write(id, rest)
			if err != 0 {
				b.Fatal(err)
			}
			rest = rest[n:]
			now += 10 * time.Microsecond
			x.Poll(now)
			settle(now, x, y)
		}
	}
}
