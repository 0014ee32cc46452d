package testenv

import (
	"math/rand/v2"
	"time"
)

// Impairment is what a relay does to the frames of each direction. The zero value passes all of them on at once.
type Impairment struct {
	Loss      float64       // part of the frames that are lost, 0 to 1
	Reorder   float64       // part of the frames that come late, behind others that were sent after them
	Duplicate float64       // part of the frames that come twice
	Delay     time.Duration // of every frame
	MTU       int           // bytes of the longest IP packet that passes; 0: any
	BlackHole bool          // longer packets vanish; else their sender is told, as routers do
	Seed      uint64        // of what is left to chance
}

// latest is how much later than in its turn a frame comes at most that is out of order.
const latest = 3 * time.Millisecond

// fate is what becomes of a frame: when its copies go on.
type fate struct {
	due    [2]time.Time
	copies int
}

// draw decides on the next frame of a direction.
func (i *Impairment) draw(rng *rand.Rand, now time.Time) fate {
	lost, late, twice := rng.Float64() < i.Loss, rng.Float64() < i.Reorder, rng.Float64() < i.Duplicate
	f := fate{copies: 1}
	switch {
	case lost:
		f.copies = 0
	case twice:
		f.copies = 2
	}
	for c := range f.due {
		f.due[c] = now.Add(i.Delay)
	}
	if late {
		f.due[0] = f.due[0].Add(time.Duration(rng.Int64N(int64(latest))))
	}
	return f
}
