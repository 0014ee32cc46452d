package msg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
)

// Version is the version of the protocol. Peers of different versions do not talk.
const Version = 2

// HeaderSize is the length of an encoded Header in bytes.
const HeaderSize = 24

// ErrBadHeader is returned for a header with an impossible field.
var ErrBadHeader = errors.New("bad message header")

const (
	magic    = 0x4d52 // "RM"
	maxErrno = 4095   // Linux's MAX_ERRNO
)

// Kind says what a message asks for, or what it answers.
type Kind uint16

// The kinds, with who sends the request to whom.
const (
	KindHello    Kind = 1 + iota // tool or secondary -> primary: Hello; the reply to a secondary is the attach message
	KindReady                    // secondary -> primary: Ready, traffic may flow
	KindDetach                   // primary -> tool or secondary, no reply: Detach, or an error that ends the connection
	KindListen                   // secondary -> primary: PortRequest
	KindUnlisten                 // secondary -> primary: PortRequest
	KindLease                    // secondary -> primary; LeaseReply
	KindPs                       // tool -> primary: ProcRequest; PsReply
	KindTop                      // tool -> primary: ProcRequest; []TopRow
	KindTraffic                  // tool -> primary: ProcRequest; []TrafficRow
	KindStats                    // tool -> primary: ProcRequest; []Stat
	KindSysctl                   // tool -> primary -> secondaries: SysctlRequest; []SysctlRow
	KindSettle                   // primary -> secondary: take in all frames that were dispatched so far
	KindFlows                    // primary -> secondary: as KindSettle; flows, see AppendFlow
	KindResume                   // secondary -> primary, between attach and ready: FlowReport
	KindTakeover                 // tool -> primary: stop, another primary takes over
	KindUnits                    // tool -> supervisor; []Unit
	KindStart                    // tool -> supervisor: UnitsRequest
	KindStop                     // tool -> supervisor: UnitsRequest
	KindRestart                  // tool -> supervisor: UnitsRequest
	KindDrain                    // tool -> primary: DrainRequest; secondary -> primary; primary -> secondary: Drain
	numKinds
)

var kindNames = [numKinds]string{
	KindHello: "hello", KindReady: "ready", KindDetach: "detach", KindListen: "listen",
	KindUnlisten: "unlisten", KindLease: "lease", KindPs: "ps", KindTop: "top",
	KindTraffic: "traffic", KindStats: "stats", KindSysctl: "sysctl", KindSettle: "settle", KindFlows: "flows",
	KindResume: "resume", KindTakeover: "takeover",
	KindUnits: "status", KindStart: "start", KindStop: "stop", KindRestart: "restart",
	KindDrain: "drain",
}

func (k Kind) String() string {
	if k < numKinds && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint16(k))
}

// FlagMore marks a part of a reply that another part follows. On a message ring the primary sends
// the buffer back with this flag to ask for that part.
const FlagMore uint16 = 1

// Header precedes every message.
type Header struct {
	ID     uint64 // chosen by the requester, repeated in the reply
	Kind   Kind
	Flags  uint16
	Status int32  // reply: 0 or an errno; the payload is then an ErrorReply, in one part
	Len    uint32 // bytes of payload
}

// Put encodes h into b[:HeaderSize].
func (h Header) Put(b []byte) {
	_ = b[HeaderSize-1]
	binary.LittleEndian.PutUint16(b[0:], magic)
	binary.LittleEndian.PutUint16(b[2:], uint16(h.Kind))
	binary.LittleEndian.PutUint16(b[4:], h.Flags)
	binary.LittleEndian.PutUint16(b[6:], Version)
	binary.LittleEndian.PutUint64(b[8:], h.ID)
	binary.LittleEndian.PutUint32(b[16:], uint32(h.Status))
	binary.LittleEndian.PutUint32(b[20:], h.Len)
}

// ParseHeader decodes the header at the start of b and checks that its payload lies in b. With an
// error, which wraps ErrBadHeader, come the fields as they are.
func ParseHeader(b []byte) (Header, error) {
	return parseHeader(b, len(b))
}

// parseHeader decodes the header of a message of size bytes.
func parseHeader(b []byte, size int) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("%w: %d bytes", ErrBadHeader, len(b))
	}
	h := Header{
		Kind:   Kind(binary.LittleEndian.Uint16(b[2:])),
		Flags:  binary.LittleEndian.Uint16(b[4:]),
		ID:     binary.LittleEndian.Uint64(b[8:]),
		Status: int32(binary.LittleEndian.Uint32(b[16:])),
		Len:    binary.LittleEndian.Uint32(b[20:]),
	}
	version := binary.LittleEndian.Uint16(b[6:])
	switch {
	case binary.LittleEndian.Uint16(b) != magic:
		return h, fmt.Errorf("%w: not a ringstack message", ErrBadHeader)
	case version != Version:
		return h, fmt.Errorf("%w: protocol version %d, but this side speaks %d: use programs built from one release", ErrBadHeader, version, Version)
	case h.Kind == 0 || h.Kind >= numKinds:
		return h, fmt.Errorf("%w: %v", ErrBadHeader, h.Kind)
	case h.Flags&^FlagMore != 0:
		return h, fmt.Errorf("%w: flags %#x", ErrBadHeader, h.Flags)
	case h.Status < 0 || h.Status > maxErrno || h.Status != 0 && h.Flags&FlagMore != 0:
		return h, fmt.Errorf("%w: status %d, flags %#x", ErrBadHeader, h.Status, h.Flags)
	case uint64(h.Len) > uint64(size-HeaderSize):
		return h, fmt.Errorf("%w: length %d in a message of %d bytes", ErrBadHeader, h.Len, size)
	}
	return h, nil
}

// checkPart checks that h is a part of the message want, of which n bytes have come before.
func (h Header) checkPart(want Header, n, limit int) error {
	switch {
	case h.ID != want.ID || h.Kind != want.Kind:
		return fmt.Errorf("%w: %v %d where %v %d goes on", ErrBadHeader, h.Kind, h.ID, want.Kind, want.ID)
	case h.Len == 0 && h.Flags&FlagMore != 0: // would never end
		return fmt.Errorf("%w: empty part of %v %d", ErrBadHeader, h.Kind, h.ID)
	case n+int(h.Len) > limit:
		return fmt.Errorf("%v: %w: more than %d bytes", h.Kind, syscall.EMSGSIZE, limit)
	}
	return nil
}
