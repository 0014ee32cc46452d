package primary

// Alive returns true when the poll loop has turned since the call, and false when it has ended. While
// the loop hangs, or before Run, it waits. It may be called from any goroutine.
func (p *Primary) Alive() bool { return p.do(func() {}) }
