// Package parcel makes long streams of bytes that sender and receiver both know, so that each byte can be checked.
package parcel

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Parcel is a stream of bytes that a seed determines. It is an io.Reader that ends, and an io.Writer that takes nothing else.
type Parcel struct {
	seed   uint64
	at, n  int64
	buffer [1 << 12]byte
}

// New returns the n bytes of a seed.
func New(seed uint64, n int64) *Parcel { return &Parcel{seed: seed, n: n} }

// Rest returns how many bytes have not been read or written yet.
func (p *Parcel) Rest() int64 { return p.n - p.at }

// Read implements io.Reader.
func (p *Parcel) Read(b []byte) (n int, err error) {
	if p.at == p.n {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), p.n-p.at)]
	for n < len(b) {
		n += copy(b[n:], p.next(len(b)-n))
	}
	return n, nil
}

// Write implements io.Writer: it compares.
func (p *Parcel) Write(b []byte) (n int, err error) {
	for n < len(b) {
		at := p.at
		if at == p.n {
			return n, fmt.Errorf("more than %d bytes", p.n)
		}
		want := p.next(min(len(b)-n, int(p.n-p.at)))
		for i := range want {
			if b[n+i] != want[i] {
				return n + i, fmt.Errorf("byte %d of %d is %#x, want %#x", at+int64(i), p.n, b[n+i], want[i])
			}
		}
		n += len(want)
	}
	return n, nil
}

// next returns up to n of the bytes to come, valid until the next call, and goes past them.
func (p *Parcel) next(n int) []byte {
	skip := int(p.at & 7)
	n = min(n, len(p.buffer)-skip)
	for i, word := 0, uint64(p.at>>3); i < skip+n; i, word = i+8, word+1 {
		binary.LittleEndian.PutUint64(p.buffer[i:], mix(p.seed+word))
	}
	p.at += int64(n)
	return p.buffer[skip : skip+n]
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
