package tcp

import (
	"strconv"
	"testing"
	"time"
)

// TestResumeIsSpread: of many connections that lost their segments with the link only so many repeat them in one turn, each once, whether their
// timers have ended, or the segments have never found a buffer, or neither.
func TestResumeIsSpread(t *testing.T) {
	for name, outage := range map[string]func(*script){
		"short": func(s *script) {},
		"long":  func(s *script) { s.now += time.Minute }, // nobody runs the timers meanwhile
		"no buffers": func(s *script) {
			for s.dead = true; s.now < time.Minute; s.now += 10 * time.Second {
				s.turn()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			const conns = 3000
			s := newScript(t)
			s.start()
			for i := range conns {
				s.peer = uint16(10000 + i)
				s.handshake([]string{"mss=1000"})
				s.now -= 10 * time.Millisecond
				s.call([]string{"write", "2000"}, 0)
				s.wire = nil
			}
			outage(s)
			s.dead = false
			s.tcp.Resume(s.now)
			repeats := map[string]int{}
			turns := 0
			for at, ok := s.tcp.Next(); ok && at <= s.now; at, ok = s.tcp.Next() {
				s.turn()
				if len(s.wire) > sweepStep {
					t.Fatalf("%d segments in a turn", len(s.wire))
				}
				for i := range s.wire {
					repeats[s.describe(&s.wire[i])]++
				}
				s.wire = nil
				if turns++; turns > conns {
					t.Fatal("it does not end")
				}
			}
			for i := range conns {
				if want := "A 1:1001 ack 1 to " + strconv.Itoa(10000+i); repeats[want] != 1 {
					t.Fatalf("%q %d times", want, repeats[want])
				}
			}
			if len(repeats) != conns || turns < conns/sweepStep {
				t.Errorf("%d segments in %d turns", len(repeats), turns)
			}
		})
	}
}
