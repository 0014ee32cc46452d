package secondary

import (
	"errors"
	"math/rand/v2"
	"sync"
	"syscall"

	"ringstack/msg"
)

// pickTries is how many leased ports are tried before more are leased.
const pickTries = 8

// leases are the local ports that belong to this secondary alone, for connections that it opens.
type leases struct {
	mu     sync.Mutex
	blocks []msg.LeaseReply
}

// withLocalPort calls open with leased ports, chosen at random (RFC 6056), until one is free. When
// many are in use it leases more; when there are no more, it tries what there is a while longer.
func (s *Secondary) withLocalPort(open func(port uint16) error) error {
	for attempt := 0; ; attempt++ {
		port, err := s.localPort(attempt%pickTries == 0 && attempt > 0)
		if err != nil && attempt > 4*pickTries || port == 0 {
			return err
		}
		if err = open(port); !errors.Is(err, syscall.EADDRINUSE) {
			return err
		}
	}
}

// localPort returns a leased port, after leasing more if asked to or if there are none. With the
// error that leasing more gave it returns one of those there were, or 0 for none.
func (s *Secondary) localPort(more bool) (uint16, error) {
	l := &s.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if more || len(l.blocks) == 0 {
		var block msg.LeaseReply
		if err = s.call(msg.KindLease, nil, &block); err == nil {
			l.blocks = append(l.blocks, block)
			return block.First + uint16(rand.IntN(block.N)), nil
		}
	}
	if len(l.blocks) == 0 {
		return 0, err
	}
	block := l.blocks[rand.IntN(len(l.blocks))]
	return block.First + uint16(rand.IntN(block.N)), err
}
