package primary

import (
	"time"

	"ringstack/dispatch"
)

// shortageQuiet is how long the log keeps quiet about a shortage that it has told of.
const shortageQuiet = time.Minute

// shortage is the lack of something that is limited. What it costs is counted where it happens; the log tells of it too, and what to
// do about it.
type shortage struct {
	of, advice string
	times      func(p *Primary) uint64 // that it was felt so far

	told  uint64 // of these
	quiet time.Duration
}

func newShortages() []shortage {
	return []shortage{
		{
			of: "mbufs", advice: "raise nb_mbufs or lower max_mbufs; ff ps shows who holds them",
			times: func(p *Primary) uint64 { return p.starved + p.drops.own[dropNoMbuf] },
		},
		{
			of: "a secondary's share of mbufs", advice: "it does not give back what it gets, or max_mbufs is too low; ff stats rx_quota names it",
			times: func(p *Primary) uint64 { return p.drops.own[dropQuota] },
		},
		{
			of: "room on a secondary's ring", advice: "it is stopped or too busy: start more of its kind, or raise ring_size; ff stats rx_ring_full names it",
			times: func(p *Primary) uint64 { return p.drops.own[dropRingFull] },
		},
		{
			of: "room for pinned flows", advice: "new connections are refused where buckets wait to move, until old ones end; do not start and stop secondaries that often",
			times: func(p *Primary) uint64 { return p.drops.parsed[dispatch.ReasonPinsFull] },
		},
		{
			of: "room for fragments that come before the first one", advice: "raise nb_mbufs: a sixteenth of them may wait",
			times: func(p *Primary) uint64 {
				return p.drops.parsed[dispatch.ReasonFragEvicted] + p.drops.parsed[dispatch.ReasonFragTooMany]
			},
		},
	}
}

// tellShortages logs what has run out since it was called last.
func (p *Primary) tellShortages() {
	for i := range p.shortages {
		s := &p.shortages[i]
		times := s.times(p)
		if times == s.told || p.now < s.quiet {
			continue
		}
		p.log.Warn().Uint64("times", times-s.told).Str("advice", s.advice).Msg("short of " + s.of)
		s.told, s.quiet = times, p.now+shortageQuiet
	}
}
