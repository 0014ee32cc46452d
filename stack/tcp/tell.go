package tcp

// news is what the application is to be told after a segment.
type news uint8

const (
	newsConnected news = 1 << iota
	newsReadable
)

// direct is payload that still lies in the device's buffer while its connection's Readable runs.
type direct struct {
	conn uint32
	data []byte
}

// tell makes the calls to the application: they come last, since they may end the connection.
func (t *Transport) tell(i uint32, c *conn, n news) {
	gen := c.gen
	id := makeID(i, gen)
	if n&newsConnected != 0 {
		t.stats[Connects]++
		t.events.Connected(id, 0)
	}
	if c.has(wantWrite) && c.gen == gen && !c.has(released|appClosed) && t.writableAgain(c) {
		c.clear(wantWrite)
		t.events.Writable(id)
	}
	if n&newsReadable != 0 {
		t.tellReadable(i, c, gen)
	}
}

// tellReadable lets the application see new bytes in place and keeps what it leaves.
func (t *Transport) tellReadable(i uint32, c *conn, gen uint32) {
	if c.gen == gen && !c.has(released|appClosed) {
		t.events.Readable(makeID(i, gen))
	}
	if left := t.direct.data; len(left) > 0 && t.direct.conn == i && c.gen == gen && !c.has(released) {
		t.bufs.Append(&c.rcvQ, left) // dataInput saw to the room
	}
	t.direct = direct{}
}
