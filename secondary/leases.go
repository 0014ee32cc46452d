package secondary

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"syscall"

	"ringstack/msg"
)

const (
	pickTries = 8  // how many leased ports are tried before more are leased
	maxTries  = 64 // and how many in all, when there are no more
)

// leases are the local ports that belong to this secondary alone, for connections that it opens.
type leases struct {
	ask func(context.Context) (msg.LeaseReply, error) // leases a block from the primary

	mu     sync.Mutex
	blocks []msg.LeaseReply
}

// withPort calls open with leased ports, chosen at random (RFC 6056), until one is free. When many
// are in use it leases more; when there are no more, it tries what there is a while longer.
func (l *leases) withPort(ctx context.Context, open func(port uint16) error) error {
	for try := 0; ; try++ {
		port, err := l.pick(ctx, try > 0 && try%pickTries == 0)
		if port == 0 {
			return err
		}
		if err = open(port); !errors.Is(err, syscall.EADDRINUSE) || try >= maxTries {
			return err
		}
	}
}

// pick returns a leased port, from a new block if more is set or there is none yet, or 0 with the
// reason why there is none.
func (l *leases) pick(ctx context.Context, more bool) (uint16, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if more || len(l.blocks) == 0 {
		block, err := l.ask(ctx)
		if err == nil {
			l.blocks = append(l.blocks, block)
			return random(block), nil
		}
		if len(l.blocks) == 0 {
			return 0, err
		}
	}
	return random(l.blocks[rand.IntN(len(l.blocks))]), nil
}

func random(block msg.LeaseReply) uint16 { return block.First + uint16(rand.IntN(block.N)) }
