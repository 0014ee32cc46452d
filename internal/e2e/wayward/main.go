//go:build cgo

// Command wayward is a primary whose dispatcher breaks the contract in the way that the UDP port of
// a frame names. All else goes to proc 0.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/rs/zerolog"

	"ringstack/dispatch"
	"ringstack/primary"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg, err := primary.Load(os.Args[2], zerolog.New(os.Stderr)) // after --conf
	if err != nil {
		log.Fatal(err)
	}
	cfg.Dispatcher = new(wayward).decide
	p, err := primary.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Run(ctx); err != nil {
		log.Fatal(err)
	}
}

type wayward struct{ packet dispatch.Packet }

func (w *wayward) decide(frame []byte, n *int, _, nQueues uint16, _ dispatch.Context) int {
	p := &w.packet
	if p.Parse(frame) != dispatch.ReasonNone || p.Proto != dispatch.ProtoUDP {
		return 0
	}
	switch p.Flow.LocalPort {
	case 1:
		return -3
	case 2:
		return -1 << 62
	case 3:
		return int(nQueues)
	case 4:
		return 1 << 40
	case 5: // a queue, but nobody has it
		return int(nQueues) - 1
	case 6:
		*n = 13
		return dispatch.DispatchResponse
	case 7:
		*n = cap(frame) + 1
		return dispatch.DispatchResponse
	case 8:
		*n = -1
		return 0
	case 9:
		*n = 1 << 40
		return 0
	case 10: // the longest that may be
		*n = 1514
		return dispatch.DispatchResponse
	case 11: // a length means nothing for a frame that is dropped
		*n = -1
		return dispatch.DispatchError
	case 12: // would need a VLAN tag
		*n = 1515
		return dispatch.DispatchResponse
	}
	return 0
}
