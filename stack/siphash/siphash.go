// Package siphash is SipHash-2-4 (Aumasson, Bernstein 2012), the keyed hash behind every secret of the stack:
// table positions, initial sequence numbers, cookies, ports and timestamp offsets.
//
// Words2 and Words5 hash whole 64-bit words without a byte loop; they equal Sum of the words' little-endian bytes.
package siphash

import (
	"encoding/binary"
	"math/bits"
)

// Key is a 128-bit secret. The zero key works but keeps no secret.
type Key struct{ K0, K1 uint64 }

// NewKey takes the key from the first 16 bytes of b.
func NewKey(b *[16]byte) Key {
	return Key{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:])}
}

// Derive returns an independent key for purpose n, so that one seed serves several secrets.
func (k Key) Derive(n uint64) Key {
	return Key{k.Words2(n, 0), k.Words2(n, 1)}
}

type state struct{ v0, v1, v2, v3 uint64 }

func (k Key) start() state {
	return state{
		k.K0 ^ 0x736f6d6570736575,
		k.K1 ^ 0x646f72616e646f6d,
		k.K0 ^ 0x6c7967656e657261,
		k.K1 ^ 0x7465646279746573,
	}
}

func (s *state) round() {
	s.v0 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 13) ^ s.v0
	s.v0 = bits.RotateLeft64(s.v0, 32)
	s.v2 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 16) ^ s.v2
	s.v0 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 21) ^ s.v0
	s.v2 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 17) ^ s.v2
	s.v2 = bits.RotateLeft64(s.v2, 32)
}

func (s *state) word(m uint64) {
	s.v3 ^= m
	s.round()
	s.round()
	s.v0 ^= m
}

func (s *state) finish(last uint64) uint64 {
	s.word(last)
	s.v2 ^= 0xff
	s.round()
	s.round()
	s.round()
	s.round()
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3
}

// Sum hashes b.
func (k Key) Sum(b []byte) uint64 {
	s := k.start()
	last := uint64(len(b)) << 56
	for len(b) >= 8 {
		s.word(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	for i, c := range b {
		last |= uint64(c) << (8 * i)
	}
	return s.finish(last)
}

// Words2 hashes two words.
func (k Key) Words2(a, b uint64) uint64 {
	s := k.start()
	s.word(a)
	s.word(b)
	return s.finish(16 << 56)
}

// Words5 hashes five words.
func (k Key) Words5(a, b, c, d, e uint64) uint64 {
	s := k.start()
	s.word(a)
	s.word(b)
	s.word(c)
	s.word(d)
	s.word(e)
	return s.finish(40 << 56)
}
