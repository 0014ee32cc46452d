package secondary

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
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
	ask func(context.Context) (msg.LeaseReply, error) // leases a block from the primary, or waits for one

	mu     sync.Mutex
	asking chan struct{} // closed when the call that asks the primary has its answer; nil: none asks
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
	if port := l.any(); port != 0 && !more {
		return port, nil
	}
	done, err := l.turn(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	if port := l.any(); port != 0 && !more { // another call has asked meanwhile
		return port, nil
	}
	block, err := l.ask(ctx)
	if err == nil {
		l.mu.Lock()
		l.blocks = append(l.blocks, block)
		l.mu.Unlock()
		return random(block), nil
	}
	if port := l.any(); port != 0 {
		return port, nil
	}
	return 0, err
}

// turn waits until no other call asks the primary, or until ctx is done. The caller calls done after its own.
func (l *leases) turn(ctx context.Context) (done func(), err error) {
	for {
		l.mu.Lock()
		other := l.asking
		if other == nil {
			own := make(chan struct{})
			l.asking = own
			l.mu.Unlock()
			return func() { l.endTurn(own) }, nil
		}
		l.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (l *leases) endTurn(own chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asking = nil
	close(own)
}

// any returns one of the leased ports, or 0.
func (l *leases) any() uint16 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.blocks) == 0 {
		return 0
	}
	return random(l.blocks[rand.IntN(len(l.blocks))])
}

// list returns the first port of each block.
func (l *leases) list() (firsts []uint16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, block := range l.blocks {
		firsts = append(firsts, block.First)
	}
	return firsts
}

// has reports whether a port is leased.
func (l *leases) has(port uint16) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.blocks, func(block msg.LeaseReply) bool {
		return port >= block.First && int(port) < int(block.First)+block.N
	})
}

// keep forgets the blocks that a new primary was not told of, or has given away. The connections that use them hear no more.
func (l *leases) keep(told, lost []uint16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.blocks = slices.DeleteFunc(l.blocks, func(block msg.LeaseReply) bool {
		return !slices.Contains(told, block.First) || slices.Contains(lost, block.First)
	})
}

func random(block msg.LeaseReply) uint16 { return block.First + uint16(rand.IntN(block.N)) }
