package stack

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// difference recognises one between the engine and gVisor's stack that is intended: a row of testdata/differences.md.
type difference struct {
	match func(m *moment) bool // it shows in this event

	// parts: what follows is not comparable, though it may look the same.
	parts bool
	// later, of a difference that need not show at once: from this event on, what shows may come from it.
	later func(m *moment) bool
	shows func(m *moment) bool // so; nil: anyhow
}

var differences = map[string]difference{
	"SYN with FIN": {match: func(m *moment) bool {
		return m.has(wire.SYN|wire.FIN) && !m.has(wire.ACK) && m.before == tcp.Closed && m.native.said == "" && m.oracle.state == tcp.SynRcvd
	}},
	"repeated SYN": {match: func(m *moment) bool {
		return m.before == tcp.SynRcvd && m.has(wire.SYN) && m.seq == m.next-1 && saysSynAck(m.native) && saysAck(m.oracle)
	}},
	"another SYN while half-open": {match: func(m *moment) bool {
		return m.before == tcp.SynRcvd && m.has(wire.SYN) && m.seq != m.next-1 && saysAck(m.native)
	}},
	"inexact reset while half-open": {match: func(m *moment) bool {
		return m.before == tcp.SynRcvd && m.has(wire.RST) && m.seq != m.next && saysAck(m.native) && m.oracle.state == tcp.Closed
	}},
	"order of checks while half-open": {match: func(m *moment) bool {
		return m.before == tcp.SynRcvd && m.has(wire.ACK) && (m.seq < m.next || m.seq >= m.next+rivalWindow) && saysAck(m.native) && saysReset(m.oracle)
	}},
	"window while half-open": {match: func(m *moment) bool { return m.duel.oracle.unscaled }},
	"RST with SYN and ACK to a listener": {match: func(m *moment) bool {
		return m.has(wire.RST|wire.SYN|wire.ACK) && m.before == tcp.Closed && m.native.said == "" && saysReset(m.oracle)
	}},
	"SYN-ACK with data or FIN": {match: func(m *moment) bool {
		return m.before == tcp.SynSent && m.has(wire.SYN|wire.ACK) && m.withText() && m.native.state != tcp.SynSent && saysAck(m.native)
	}},
	"window scale in simultaneous open": {parts: true, match: func(m *moment) bool {
		return m.before == tcp.SynSent && m.has(wire.SYN) && strings.Replace(m.oracle.said, " ws", "", 1) == m.native.said
	}},
	"acknowledgement of what was not sent": {
		parts: true,
		match: func(m *moment) bool { return m.fromFuture() && saysAck(m.native) },
		later: (*moment).fromFuture,
	},
	"acknowledgement from long ago": {
		parts: true,
		match: func(m *moment) bool { return m.fromLongAgo() && saysAck(m.native) },
		later: (*moment).fromLongAgo,
	},
	"acknowledgement past a hole": {match: func(m *moment) bool {
		return m.before == tcp.FinWait1 && m.seq > m.next && m.native.state == tcp.FinWait2 && m.oracle.state == tcp.FinWait1
	}},
	"acknowledgement past the peer's FIN": {later: func(m *moment) bool {
		return (m.before == tcp.CloseWait || m.before == tcp.Closing || m.before == tcp.LastAck) && m.has(wire.ACK) && max(m.end, m.seq+1) > m.next
	}},
	"segment past a hole after close": {match: func(m *moment) bool {
		return m.has(wire.ACK) && m.segment.n == 0 && m.seq > m.next && m.native.state != tcp.Closed && strings.HasPrefix(m.oracle.said, "RA")
	}},
	"window of an older segment": {
		later: func(m *moment) bool {
			return m.has(wire.ACK) && m.before >= tcp.Established && (m.seq < m.highest || m.ack < m.acked)
		},
		shows: func(m *moment) bool {
			return saysData(m.native) || saysData(m.oracle) || saysFin(m.native) != saysFin(m.oracle) || strings.HasPrefix(m.native.said, "RA")
		},
	},
	"silly window": {parts: true, match: func(m *moment) bool {
		from, to := dataOf(m.oracle)
		return !saysData(m.native) && from < to && to-from < leastMSS && m.native.state == m.oracle.state
	}},
	"segment size": {parts: true, match: func(m *moment) bool {
		from, to := dataOf(m.native)
		from2, to2 := dataOf(m.oracle)
		return from == from2 && to != to2 && max(to-to2, to2-to) < leastMSS && m.sameBut(someData)
	}},
	"window probe": {parts: true, match: func(m *moment) bool {
		from, to := dataOf(m.native)
		return m.words[0][0] == '+' && to-from == 1 && m.oracle.said == ""
	}},
	"FIN into a closed window": {parts: true, match: func(m *moment) bool {
		return strings.HasPrefix(m.words[0], "close") && m.native.said == "" && saysFin(m.oracle) && m.native.state == m.oracle.state
	}},
	"FIN behind a closed window": {match: func(m *moment) bool {
		return m.has(wire.FIN) && strings.HasSuffix(m.native.said, "win=0") && m.oracle.state == tcp.CloseWait
	}},
	"right edge of the window": {
		match: func(m *moment) bool { return m.atEdge() && m.native.state == m.before },
		later: (*moment).atEdge,
	},
	"rounded window": {match: func(m *moment) bool { return m.duel.oracle.rounded }},
	"FIN past a hole": {
		parts: true,
		match: func(m *moment) bool {
			return m.has(wire.FIN) && strings.Contains(m.oracle.said, "sack=") && m.sameBut(sackText, echoText)
		},
		later: func(m *moment) bool { return m.has(wire.FIN) && m.before >= tcp.SynRcvd && m.seq > m.next },
	},
	"data past the peer's FIN": {match: func(m *moment) bool {
		return (m.before == tcp.Closing || m.before == tcp.LastAck) && m.end > m.next && m.native.said == "" && strings.HasPrefix(m.oracle.said, "RA")
	}},
	"FIN in TIME-WAIT": {match: func(m *moment) bool {
		return m.before == tcp.TimeWait && m.has(wire.FIN) && saysAck(m.native) && m.oracle.said == ""
	}},
	"FIN behind old data": {match: func(m *moment) bool {
		return m.has(wire.FIN) && m.segment.n > 0 && m.end == m.next+1 && m.native.state != m.before && m.oracle.state == m.before
	}},
	"second FIN": {parts: true, match: func(m *moment) bool {
		return m.has(wire.FIN) && m.before == tcp.CloseWait && m.seq >= m.next && m.native.said == "" && saysAck(m.oracle)
	}},
	"other bytes past a hole": {match: func(m *moment) bool { return m.other && m.native == m.oracle }},
	"no ACK flag": {match: func(m *moment) bool {
		return m.segment != nil && m.segment.flags&(wire.ACK|wire.RST|wire.SYN) == 0 && m.before >= tcp.Established && saysAck(m.native) && m.oracle.said == ""
	}},
	"SYN in TIME-WAIT": {match: func(m *moment) bool {
		return m.before == tcp.TimeWait && m.has(wire.SYN) && saysAck(m.native) && (m.oracle.said == "" || saysReset(m.oracle))
	}},
	"new connection in TIME-WAIT by its timestamp": {match: func(m *moment) bool {
		return m.before == tcp.TimeWait && m.has(wire.SYN) && m.ts && saysSynAck(m.native) && m.oracle.said == ""
	}},
	"reset in CLOSE-WAIT": {match: func(m *moment) bool {
		return m.before == tcp.CloseWait && m.has(wire.RST) && m.native.news == "error: connection reset by peer" && m.native.state == m.oracle.state
	}},
	"reset in CLOSING and LAST-ACK": {match: func(m *moment) bool {
		return (m.before == tcp.Closing || m.before == tcp.LastAck) && m.has(wire.RST) && m.native.news == "" && m.native.state == m.oracle.state
	}},
	"missing timestamp": {
		match: func(m *moment) bool { return m.withoutTime() && m.native.said == "" && m.native.state == m.before },
		later: (*moment).withoutTime,
	},
	"old timestamp": {
		match: func(m *moment) bool {
			return m.fixedTime() && !m.has(wire.RST) && !m.has(wire.SYN) && m.native.state == m.before
		},
		later: (*moment).fixedTime,
	},
	"timestamp of a FIN": {match: func(m *moment) bool {
		return m.has(wire.FIN) && !strings.Contains(m.oracle.said, "sack=") && m.sameBut(echoText, sackText)
	}},
	"timestamp outside the window": {match: func(m *moment) bool { return m.before == tcp.TimeWait && m.sameBut(echoText) }},
	"duplicate SACK": {match: func(m *moment) bool {
		native, oracle := sackBlocks(m.native), sackBlocks(m.oracle)
		return m.segment != nil && m.segment.n > 0 && len(native) > 0 && len(native) >= min(len(oracle)+1, 3) &&
			slices.Equal(native[1:], oracle[:min(len(oracle), len(native)-1)]) && m.sameBut(sackText)
	}},
	"SACK on every segment": {match: func(m *moment) bool {
		return (m.before != tcp.Established || saysData(m.native) || saysFin(m.native)) && sackBlocks(m.native) != nil && sackBlocks(m.oracle) == nil &&
			m.sameBut(sackText)
	}},
	"fast retransmit in the first window": {parts: true, match: func(m *moment) bool {
		return m.has(wire.ACK) && m.ack == 1 && strings.HasPrefix(m.native.said, "A 1:") && m.oracle.said == ""
	}},
	"ECN": {match: func(m *moment) bool { return m.sameBut(ecnText) }},
	"soft errors while opening": {match: func(m *moment) bool {
		return m.words[0] == "icmp" && m.words[1] != "port" && (m.before == tcp.SynSent || m.before == tcp.SynRcvd) && m.native.state == m.before &&
			m.oracle.state == tcp.Closed
	}},
	"ICMP errors about what is not in flight": {parts: true, match: func(m *moment) bool {
		return m.words[0] == "icmp" && !m.inFlight() && m.native.said == "" && m.native.news == "" && m.native.state == m.before
	}},
}

// differenceNames is the order in which they are looked at.
var differenceNames = slices.Sorted(maps.Keys(differences))

// differencesFound counts how often each was seen.
type differencesFound map[string]int

// check: every row of the table has its matcher and was seen, and every matcher has its row.
func (found differencesFound) check(t *testing.T) {
	rows := listedDifferences(t)
	for name := range rows {
		_, ok := differences[name]
		switch {
		case !ok && !slices.ContainsFunc(packetCases, func(c packetCase) bool { return c.differs == name }):
			t.Errorf("%q is in the table and nobody knows it", name)
		case ok && found[name] == 0:
			t.Errorf("%q is in the table and does not show", name)
		}
	}
	for name := range differences {
		if !rows[name] {
			t.Errorf("%q is not in the table", name)
		}
	}
}

// listedDifferences are the names in testdata/differences.md.
func listedDifferences(t *testing.T) map[string]bool {
	b, err := os.ReadFile("testdata/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, line := range strings.Split(string(b), "\n") {
		if cells := strings.Split(line, "|"); len(cells) == 6 && !strings.Contains(line, "| --- |") && !strings.HasPrefix(line, "| Difference") {
			rows[strings.TrimSpace(cells[1])] = true
		}
	}
	return rows
}

// has: the event is a segment of the peer with all of these flags.
func (m *moment) has(flags uint8) bool { return m.segment != nil && m.segment.flags&flags == flags }

// withText: the event is a segment with data or FIN.
func (m *moment) withText() bool { return m.segment != nil && m.segment.n > 0 || m.has(wire.FIN) }

// atEdge: the event is a segment around the right edge of the window.
func (m *moment) atEdge() bool { return m.segment != nil && m.segment.seq.base == "edge" }

// fromFuture: the event is a segment that acknowledges what was not sent.
func (m *moment) fromFuture() bool {
	return m.before >= tcp.Established && m.has(wire.ACK) && m.ack > m.max
}

// fromLongAgo: the event is a segment whose acknowledgement lies further back than a window.
func (m *moment) fromLongAgo() bool {
	return m.before >= tcp.Established && m.has(wire.ACK) && m.ack < max(m.acked, 1)-m.largest
}

// withoutTime: the event is a segment without a timestamp where timestamps were agreed on, or one that an odd header hides.
func (m *moment) withoutTime() bool {
	return m.ts && m.segment != nil && (m.segment.noTS || m.segment.hasRaw || m.segment.off >= 0) && !m.has(wire.RST) && !m.has(wire.SYN)
}

// fixedTime: the event is a segment with a timestamp of the script's, where timestamps were agreed on.
func (m *moment) fixedTime() bool { return m.segment != nil && m.segment.fixedTime != 0 && m.ts }

// inFlight: the ICMP error of the event is about a segment that was sent and not acknowledged.
func (m *moment) inFlight() bool {
	for _, w := range m.words {
		if at, ok := strings.CutPrefix(w, "seq="); ok {
			return m.number(at) >= 0 && m.number(at) < int(m.max) && m.before != tcp.Closed
		}
	}
	return false
}

// sameBut: the outcomes differ, in nothing but parts of what was said.
func (m *moment) sameBut(parts ...*regexp.Regexp) bool {
	a, b := m.native, m.oracle
	for _, p := range parts {
		a.said, b.said = p.ReplaceAllString(a.said, ""), p.ReplaceAllString(b.said, "")
	}
	return m.native != m.oracle && a == b
}

var (
	plainAck = regexp.MustCompile(`^A -?\d+ ack -?\d+( |$)`)
	someData = regexp.MustCompile(`^F?A (-?\d+):(-?\d+) ack `)
	sackText = regexp.MustCompile(` sack=[-:,\d]+`)
	echoText = regexp.MustCompile(` ecr=-?\d+`)
	ecnText  = regexp.MustCompile(`[EC]+\b`)
)

func saysAck(o outcome) bool    { return plainAck.MatchString(o.said) && !strings.Contains(o.said, ", ") }
func saysData(o outcome) bool   { return someData.MatchString(o.said) }
func saysFin(o outcome) bool    { return strings.HasPrefix(o.said, "F") }
func saysReset(o outcome) bool  { return strings.HasPrefix(o.said, "R ") }
func saysSynAck(o outcome) bool { return strings.HasPrefix(o.said, "SA ") }

func sackBlocks(o outcome) []string {
	if text := sackText.FindString(o.said); text != "" {
		return strings.Split(strings.TrimPrefix(text, " sack="), ",")
	}
	return nil
}

// leastMSS is that of the sequences.
const leastMSS = 1000

// dataOf is the first range of data that was sent.
func dataOf(o outcome) (from, to int) {
	if m := someData.FindStringSubmatch(o.said); m != nil {
		from, _ = strconv.Atoi(m[1])
		to, _ = strconv.Atoi(m[2])
	}
	return from, to
}
