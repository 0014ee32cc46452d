package reasm

import "time"

// quoteLen is how much of the first fragment's data Expire returns, more than an ICMP error quotes.
const quoteLen = 1232

// Expire gives up one datagram that is due and returns what has come of its first fragment, from the IP header on,
// for a time-exceeded message (RFC 1122 section 3.3.2, RFC 8200 section 4.5); nil when that is missing. The slice is valid until the
// next call. ok false: none is due.
func (t *Table) Expire(now time.Duration) (first []byte, key Key, ok bool) {
	slot, ok := t.timers.Expire(now)
	if !ok {
		return nil, key, false
	}
	d := &t.datagrams[slot]
	key = d.key
	if !d.dead {
		t.count.Expired++
		if d.headerLen > 0 {
			t.out = append(t.out[:0], d.header[:d.headerLen]...)
			first = t.appendData(t.out, d, min(int(d.spans[0].end), quoteLen))
		}
	}
	t.remove(slot)
	return first, key, true
}

// Next returns when Expire is due at the latest; ok false: nothing is under way.
func (t *Table) Next() (at time.Duration, ok bool) {
	if t.n == 0 {
		return 0, false
	}
	return t.timers.Next()
}
