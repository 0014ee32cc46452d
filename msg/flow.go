package msg

import (
	"encoding/binary"
	"fmt"
	"syscall"
)

// Flow is a TCP connection that a secondary keeps state for. IPv4 addresses are IPv4-mapped.
type Flow struct {
	Local, Remote         [16]byte
	LocalPort, RemotePort uint16
	HalfOpen              bool // the handshake of one that came to a listener is not over
}

// flowSize is the length of an encoded Flow: a secondary may have very many.
const flowSize = 16 + 16 + 2 + 2 + 1

// AppendFlow appends the encoding of f to b. The reply to KindFlows is a row of them, not JSON.
func AppendFlow(b []byte, f Flow) []byte {
	b = append(b, f.Local[:]...)
	b = append(b, f.Remote[:]...)
	b = binary.LittleEndian.AppendUint16(b, f.LocalPort)
	b = binary.LittleEndian.AppendUint16(b, f.RemotePort)
	if f.HalfOpen {
		return append(b, 1)
	}
	return append(b, 0)
}

// ParseFlows decodes a row of flows.
func ParseFlows(b []byte) ([]Flow, error) {
	if len(b)%flowSize != 0 {
		return nil, fmt.Errorf("parse flows: %w: %d bytes", syscall.EINVAL, len(b))
	}
	flows := make([]Flow, 0, len(b)/flowSize)
	for ; len(b) > 0; b = b[flowSize:] {
		flows = append(flows, Flow{
			Local:      [16]byte(b[0:]),
			Remote:     [16]byte(b[16:]),
			LocalPort:  binary.LittleEndian.Uint16(b[32:]),
			RemotePort: binary.LittleEndian.Uint16(b[34:]),
			HalfOpen:   b[36] != 0,
		})
	}
	return flows, nil
}
