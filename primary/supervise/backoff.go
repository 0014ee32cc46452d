package supervise

import "time"

// Pauses before a process that has ended is started again.
const (
	minPause = 100 * time.Millisecond
	maxPause = 10 * time.Second
	calm     = 10 * time.Second // a process that has lived so long was all right
)

// backoff makes a process that ends time after time cost little.
type backoff struct{ last time.Duration }

// next returns the pause after a process that has lived so long: none, or twice the last one.
func (b *backoff) next(lived time.Duration) time.Duration {
	if lived >= calm {
		b.last = 0
	} else {
		b.last = min(max(2*b.last, minPause), maxPause)
	}
	return b.last
}
