package dispatch

import (
	"encoding/binary"
	"fmt"
)

// KeyLen is the number of key bytes that Toeplitz uses.
const KeyLen = 40

// toeplitzInput is the longest input: two IPv6 addresses and two ports.
const toeplitzInput = 36

// DefaultKey is the key of Microsoft's RSS verification suite, the default of
// many NICs. Read-only.
var DefaultKey = []byte{
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
}

// SymmetricKey gives both directions of a flow the same hash. Read-only.
var SymmetricKey = []byte{
	0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
	0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
	0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
	0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
}

// Toeplitz is the hash of receive side scaling, over the fields in the order of
// a received packet: source address, destination address, source port,
// destination port. It gives the same values as a NIC with the same key. It is
// read-only once made, so any number of goroutines may use it.
type Toeplitz struct {
	// table[i][v] is what byte value v at input position i contributes.
	table [toeplitzInput][256]uint32
}

// NewToeplitz makes the tables for key, of which the first KeyLen bytes count.
func NewToeplitz(key []byte) (*Toeplitz, error) {
	if len(key) < KeyLen {
		return nil, fmt.Errorf("make toeplitz hash: key has %d bytes, needs %d", len(key), KeyLen)
	}
	t := new(Toeplitz)
	for i := range t.table {
		window := uint64(binary.BigEndian.Uint32(key[i:]))<<8 | uint64(key[i+4])
		for v := range t.table[i] {
			for bit := range 8 {
				if v&(0x80>>bit) != 0 {
					t.table[i][v] ^= uint32(window >> (8 - bit))
				}
			}
		}
	}
	return t, nil
}

// Sum implements Hash.
func (t *Toeplitz) Sum(f *Flow, ports bool) uint32 {
	var sum uint32
	at := 0
	if f.Is4() {
		for i := range 4 {
			sum ^= t.table[i][f.Remote[12+i]] ^ t.table[4+i][f.Local[12+i]]
		}
		at = 8
	} else {
		for i := range 16 {
			sum ^= t.table[i][f.Remote[i]] ^ t.table[16+i][f.Local[i]]
		}
		at = 32
	}
	if ports {
		sum ^= t.table[at][f.RemotePort>>8] ^ t.table[at+1][f.RemotePort&0xff] ^
			t.table[at+2][f.LocalPort>>8] ^ t.table[at+3][f.LocalPort&0xff]
	}
	return sum
}
