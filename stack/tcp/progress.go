package tcp

// ReportProgress says whether Net.Confirm is to hear of connections that make progress: an acknowledgement of new data, or
// new data (RFC 4861 section 7.3.1). The IP layer turns it on while it doubts a neighbour.
func (t *Transport) ReportProgress(on bool) { t.progress = on }

func (t *Transport) confirm(c *conn) {
	if t.progress {
		t.net.Confirm(&c.Route)
	}
}
