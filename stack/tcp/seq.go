package tcp

// Sequence numbers are compared modulo 2^32 (RFC 9293 section 3.4).

func before(a, b uint32) bool { return int32(a-b) < 0 }
func after(a, b uint32) bool  { return int32(a-b) > 0 }

func seqMax(a, b uint32) uint32 {
	if before(a, b) {
		return b
	}
	return a
}

func seqMin(a, b uint32) uint32 {
	if before(a, b) {
		return a
	}
	return b
}
