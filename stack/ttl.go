package stack

// SetTTL sets the TTL and hop limit of packets whose connection, socket or router says nothing else; 0 changes nothing.
func (e *Engine) SetTTL(ttl uint8) {
	if ttl != 0 {
		e.config.TTL = ttl
		e.flushHops() // paths remember it
	}
}
