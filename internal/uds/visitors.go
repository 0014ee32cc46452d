package uds

import (
	"sync"
	"syscall"

	"ringstack/msg"
)

// Visitors counts the open connections to a socket, in all and of each user: one user has half of the
// places at most, so that it cannot lock the others out.
type Visitors struct {
	max int

	mu  sync.Mutex
	all int
	of  map[int]int // by uid
}

// NewVisitors makes a counter for a socket with max places.
func NewVisitors(max int) *Visitors { return &Visitors{max: max, of: make(map[int]int)} }

// Enter takes a place for a user, or says why there is none.
func (v *Visitors) Enter(uid int) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch share := v.max / 2; {
	case v.all >= v.max:
		return msg.Errorf(syscall.EUSERS, "the control socket has all of its %d connections: try again when one has ended", v.max)
	case v.of[uid] >= share:
		return msg.Errorf(syscall.EUSERS, "uid %d has all of its %d connections: try again when one has ended", uid, share)
	}
	v.all++
	v.of[uid]++
	return nil
}

// Leave gives back a place that Enter has taken.
func (v *Visitors) Leave(uid int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all--
	if v.of[uid]--; v.of[uid] == 0 {
		delete(v.of, uid)
	}
}
