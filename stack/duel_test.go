package stack

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// duel plays one sequence of events to both rivals and compares what they make of each.
type duel struct {
	t      *testing.T
	six    bool
	native *corner
	oracle *corner
	now    time.Duration
	ts     bool     // the peer's segments carry timestamps
	lines  []string // played so far
	found  differencesFound
	hidden []string // differences that may show from now on
	top    int32    // highest number of a segment of the peer
	topAck int32    // its highest acknowledgement
	widest int32    // its largest window
	shift  uint8    // of its windows
	over   bool     // the rivals have parted as they should: what follows is not comparable
	failed bool
}

// corner is a rival and what its peer knows of it.
type corner struct {
	rival
	view
}

// moment is one event: what was done, and what both made of it.
type moment struct {
	*duel
	words  []string
	before tcp.State // of both
	next   int32     // the sequence number that both expected
	max    int32     // the highest that both had sent

	highest int32 // number of a segment of the peer before
	acked   int32 // highest acknowledgement of the peer before
	largest int32 // window of the peer

	segment *spec // of the peer, if it was one
	seq     int32 // its numbers; end counts SYN and FIN
	end     int32
	ack     int32

	native, oracle outcome
	other          bool // the same number of other bytes was received
}

// outcome is what can be seen of a stack after an event.
type outcome struct {
	said  string // segments and packets, joined
	state tcp.State
	bytes int    // received by the application
	news  string // what else it was told
	wrong string // what no stack may do
}

func (o outcome) String() string {
	return fmt.Sprintf("%-11v %6d bytes  %-24q  %s %s", o.state, o.bytes, o.news, o.said, o.wrong)
}

func newDuel(t *testing.T, six, ecn bool, found differencesFound) *duel {
	d := &duel{t: t, six: six, found: found, now: time.Second}
	d.native = &corner{rival: newNativeRival(t, six, ecn)}
	d.oracle = &corner{rival: newGvisorRival(t, six)}
	d.oracle.rounds = true
	for _, c := range d.corners() {
		c.forget()
		c.frames()
	}
	return d
}

func (d *duel) end() {
	d.native.stop()
	d.oracle.stop()
}

func (d *duel) corners() [2]*corner { return [2]*corner{d.native, d.oracle} }

// play plays a sequence, a line an event, to its end, or until the rivals part.
func (d *duel) play(script string) {
	for _, line := range strings.Split(script, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" && !d.over && !d.failed {
			d.step(line)
		}
	}
}

// step is one event.
func (d *duel) step(line string) {
	d.t.Helper()
	words := strings.Fields(line)
	if expand, ok := macros[words[0]]; ok {
		d.play(expand(words[1:]))
		return
	}
	for _, c := range d.corners() {
		c.halfOpen = d.native.state() == tcp.SynRcvd
	}
	m := &moment{duel: d, words: words, before: d.native.state(), next: int32(d.native.rcvNxt()), max: int32(d.native.max)}
	d.lines = append(d.lines, line)
	quiet := false // retransmissions are not compared
	switch words[0] {
	case "<":
		m.segment = d.parse(words[1:])
		m.locate()
		d.travel()
		for _, c := range d.corners() {
			c.input(d.frame(c, m.segment))
		}
	case "icmp":
		for _, c := range d.corners() {
			c.input(d.icmp(c, words[1:]))
		}
	default:
		if line[0] == '+' {
			quiet = true
			d.wait(line[1:])
		} else {
			d.call(words)
		}
	}
	m.native, m.oracle = d.outcome(d.native, quiet), d.outcome(d.oracle, quiet)
	d.judge(m)
}

// fresh is what the application has read of what came after fill.
func (c *corner) fresh() []byte { return c.received()[min(c.skipped, len(c.received())):] }

// travel is the time that a segment of the peer takes. What a timer sends meanwhile is not looked at.
func (d *duel) travel() {
	d.now += time.Millisecond
	for _, c := range d.corners() {
		c.advance(time.Millisecond)
		c.describe(c.frames(), true)
	}
}

func (d *duel) wait(text string) {
	pause, err := time.ParseDuration(text)
	if err != nil {
		d.t.Fatal(err)
	}
	d.now += pause
	for _, c := range d.corners() {
		c.advance(pause)
	}
}

// call is something that the application does.
func (d *duel) call(words []string) {
	for _, c := range d.corners() {
		switch words[0] {
		case "listen":
			c.listen()
		case "connect":
			c.connect()
		case "write":
			c.write(d.number(words[1]))
		case "hold":
			c.hold(true)
		case "read":
			c.hold(false)
		case "closewrite":
			c.closeWrite()
		case "close":
			c.close()
		case "fill":
			d.fill(c)
		default:
			d.t.Fatalf("unknown event %q", words)
		}
	}
}

func (d *duel) outcome(c *corner, quiet bool) outcome {
	o := outcome{said: c.describe(c.frames(), quiet), state: c.state(), bytes: len(c.fresh()), news: strings.Join(c.news(), ", ")}
	o.wrong = c.wrong
	c.wrong = ""
	return o
}

// locate says where the segment lies.
func (m *moment) locate() {
	s := m.segment
	m.seq = int32(s.seq.in(&m.duel.native.view))
	m.ack = int32(s.ack.in(&m.duel.native.view))
	m.end = m.seq + int32(s.n) + int32(s.flags&wire.FIN) + int32(s.flags&wire.SYN)>>1
	m.highest, m.acked = m.top, m.topAck
	m.top = max(m.top, m.seq)
	m.largest = m.widest
	if m.before != tcp.SynRcvd || m.ack == m.max {
		m.duel.widest = max(m.widest, int32(s.win)<<m.shift)
	}
	if m.ack <= m.max {
		m.topAck = max(m.topAck, m.ack)
	}
}

// judge compares, and looks for the difference in the list when there is one.
func (d *duel) judge(m *moment) {
	d.t.Helper()
	d.suspect(m)
	a, b := d.native.fresh(), d.oracle.fresh()
	same := bytes.Equal(a, b)
	m.other = !same && len(a) == len(b)
	differ := m.native != m.oracle || !same
	for _, name := range []string{"rounded window", "window while half-open"} { // these do not show in the outcome
		if differences[name].match(m) {
			d.found[name]++
		}
	}
	d.oracle.rounded, d.oracle.unscaled = false, false
	if !differ {
		return
	}
	if name, parts := d.explain(m); name != "" {
		d.found[name]++
		d.over = parts || !same || m.native.state != m.oracle.state || m.native.news != m.oracle.news
		return
	}
	d.failed = true
	content := ""
	if m.other {
		content = ", other bytes"
	}
	d.t.Errorf("not on the list of intended differences%s:\nnative  %v\ngVisor  %v\nafter\n\t%s", content, m.native, m.oracle, strings.Join(d.lines, "\n\t"))
}

// suspect remembers the differences that may show from now on.
func (d *duel) suspect(m *moment) {
	for _, name := range differenceNames {
		if x := differences[name]; x.later != nil && x.later(m) && !slices.Contains(d.hidden, name) {
			d.hidden = append(d.hidden, name)
		}
	}
}

// explain returns the name of the difference that shows, "" when it is not on the list, and whether the rivals part there.
func (d *duel) explain(m *moment) (name string, parts bool) {
	for _, name := range differenceNames {
		if x := differences[name]; x.match != nil && x.match(m) {
			return name, x.parts
		}
	}
	for _, name := range d.hidden {
		if x := differences[name]; x.shows == nil || x.shows(m) {
			return name, true
		}
	}
	return "", false
}
