package tcp

// reduceRate is proportional rate reduction (RFC 6937 section 3.1, with the slow start reduction bound).
func (t *Transport) reduceRate(c *conn) {
	r := &c.rec
	r.delivered += t.ack.delivered
	pipe := c.pipe()
	var send int64
	if pipe > c.ssthresh {
		send = (int64(r.delivered)*int64(c.ssthresh)+int64(r.flight)-1)/int64(r.flight) - int64(r.out)
	} else {
		limit := max(int64(r.delivered)-int64(r.out), int64(t.ack.delivered)) + int64(c.mss)
		send = min(int64(c.ssthresh)-int64(pipe), limit)
	}
	if r.out == 0 {
		send = max(send, int64(c.mss)) // the first retransmission goes out at once
	}
	c.cwnd = pipe + uint32(max(send, 0))
}
