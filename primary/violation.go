package primary

// violation is a way in which a secondary breaks the rules of the shared memory. Each detaches it.
type violation uint8

const (
	violationNone     violation = iota
	violationNotMbuf            // an address on a ring that is no mbuf: null, outside the pools, misaligned
	violationNotOwner           // an mbuf that it does not hold: another's, free, or given back already
	violationLength             // a frame that does not lie in its mbuf, or longer than the port sends
	violationChain              // an mbuf of several segments
	violationRing               // impossible positions in a ring's header
	violationMessage            // a broken message ring protocol
	numViolations
)

var violationNames = [numViolations]string{
	violationNotMbuf:  "not_mbuf",
	violationNotOwner: "not_owner",
	violationLength:   "bad_length",
	violationChain:    "bad_chain",
	violationRing:     "bad_ring",
	violationMessage:  "bad_message",
}

func (v violation) String() string { return violationNames[v] }
