package primary

import "ringstack/dispatch"

// drop is a reason of the primary's own for not delivering a received frame. dispatch.Reason has
// the reasons that lie in the frame.
type drop uint8

const (
	dropSegments   drop = iota // does not lie in one mbuf
	dropGiant                  // longer than the MTU allows
	dropUser                   // the user's dispatcher said so
	dropUserQueue              // the user's dispatcher named no queue, or a secondary that is not live
	dropUserLength             // the user's dispatcher made a frame of an impossible length
	dropRingFull               // the secondary's dispatch ring was full
	dropQuota                  // the secondary holds max_mbufs
	dropNoMbuf                 // no mbuf for a copy
	numDrops
)

var dropNames = [numDrops]string{
	"multi_segment", "giant", "user_dispatcher", "user_dispatcher_queue", "user_dispatcher_length",
	"ring_full", "quota", "no_mbuf",
}

func (d drop) String() string { return dropNames[d] }

type dropCounters struct {
	parsed [dispatch.NumReasons]uint64
	own    [numDrops]uint64
}

// discard counts a received frame under a reason of the primary's own and frees its mbuf.
func (p *Primary) discard(addr uint64, why drop) {
	p.drops.own[why]++
	p.trash = append(p.trash, addr)
}

// reject counts a received frame under a reason that lies in the frame and frees its mbuf.
func (p *Primary) reject(addr uint64, why dispatch.Reason) {
	p.drops.parsed[why]++
	p.trash = append(p.trash, addr)
}
