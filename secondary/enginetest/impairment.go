package enginetest

import (
	"math/rand/v2"
	"time"
)

// Impairment is what a cable does to frames by chance. The zero value is a good cable.
type Impairment struct {
	Loss    float64 // part of the frames that are lost, 0 to 1
	Reorder float64 // part of the frames that come late, behind others that were sent after them
	Seed    uint64  // of the choice
}

// late bounds how long a frame is held back. A round trip here takes a fraction of it, so that others overtake the frame.
const late = 2 * time.Millisecond

// impaired is one direction of an impaired cable. It belongs to the sender's loop.
type impaired struct {
	Impairment
	rng *rand.Rand
}

// impair makes the cable between two hosts a bad one. Their loops do not run yet.
func impair(a, b *host, i Impairment) {
	for direction, h := range []*host{a, b} {
		h.impaired = &impaired{i, rand.New(rand.NewPCG(i.Seed, uint64(direction)))}
	}
}

// carry delivers a frame now, late or never.
func (i *impaired) carry(frame []byte, to *host) {
	switch chance := i.rng.Float64(); {
	case chance < i.Loss:
	case chance < i.Loss+i.Reorder:
		time.AfterFunc(time.Duration(i.rng.Int64N(int64(late))), func() { to.deliver(frame) })
	default:
		to.deliver(frame)
	}
}
