package main

import (
	"fmt"

	"ringstack/secondary"
)

const page = "hello from ringstack\n"

var answer = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(page), page)

// client is one connection. It reads no further while an answer does not fit into the send buffer.
type client struct {
	secondary.Ignore
	matched int // bytes of headEnd that were seen last
	owed    int // answers
	sent    int // bytes of the first of them
}

// Data implements secondary.Handler.
func (cl *client) Data(c secondary.Conn) {
	for cl.send(c) {
		b := c.Peek()
		if len(b) == 0 {
			break
		}
		cl.scan(b)
		c.Discard(len(b))
	}
	if cl.owed == 0 && c.EOF() {
		c.Close()
	}
}

// Writable implements secondary.Handler.
func (cl *client) Writable(c secondary.Conn) { cl.Data(c) }

// send sends the answers that are owed; false: the rest has to wait.
func (cl *client) send(c secondary.Conn) bool {
	for cl.owed > 0 {
		if cl.sent += c.Write(answer[cl.sent:]); cl.sent < len(answer) {
			return false
		}
		cl.sent = 0
		cl.owed--
	}
	return true
}

// headEnd ends the head of a request (RFC 9112 section 2.1). Requests with a body are not expected.
const headEnd = "\r\n\r\n"

// scan counts the requests that end in b. One may end in a later segment than it begins.
func (cl *client) scan(b []byte) {
	for _, ch := range b {
		switch {
		case ch == headEnd[cl.matched]:
			cl.matched++
		case ch == headEnd[0]:
			cl.matched = 1
		default:
			cl.matched = 0
		}
		if cl.matched == len(headEnd) {
			cl.matched = 0
			cl.owed++
		}
	}
}
