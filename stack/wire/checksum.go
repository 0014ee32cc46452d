package wire

import (
	"encoding/binary"
	"math/bits"
)

// A partial sum is a one's complement sum of big-endian 16-bit words that has not been folded
// to 16 bits yet (RFC 1071). Partial sums of pieces of even length add up: give the sum of
// one piece to Sum of the next. Join adds pieces of any length.

// Sum returns the partial sum of b added to the partial sum s. A last odd byte counts as the
// high byte of a word.
func Sum(b []byte, s uint32) uint32 {
	var acc, carry uint64
	for len(b) >= 64 {
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b), 0)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[8:]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[16:]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[24:]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[32:]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[40:]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[48:]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[56:]), carry)
		acc += carry
		b = b[64:]
	}
	for len(b) >= 8 {
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b), 0)
		acc += carry
		b = b[8:]
	}
	return finish(acc, tail(b), s)
}

// CopySum copies len(src) bytes to the start of dst and returns their partial sum. dst and
// src do not overlap; dst has at least len(src) bytes. The runtime's copy leaves the bytes in the
// nearest cache, and Sum reads them there: measured no slower than one loop that does both, in
// which the stores break the chain of carries.
func CopySum(dst, src []byte) uint32 {
	copy(dst[:len(src)], src)
	return Sum(src, 0)
}

// tail returns up to seven bytes as the low bytes of a little-endian word.
func tail(b []byte) (w uint64) {
	if len(b) >= 4 {
		w = uint64(binary.LittleEndian.Uint32(b))
		b = b[4:]
		switch len(b) {
		case 3:
			return w | uint64(b[0])<<32 | uint64(b[1])<<40 | uint64(b[2])<<48
		case 2:
			return w | uint64(b[0])<<32 | uint64(b[1])<<40
		case 1:
			return w | uint64(b[0])<<32
		}
		return w
	}
	switch len(b) {
	case 3:
		return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16
	case 2:
		return uint64(b[0]) | uint64(b[1])<<8
	case 1:
		return uint64(b[0])
	}
	return 0
}

// finish adds the little-endian word sums acc and last, and the partial sum s. The sum's bytes are
// swapped after folding instead of every word's before adding (RFC 1071 section 2 B).
func finish(acc, last uint64, s uint32) uint32 {
	acc, carry := bits.Add64(acc, last, 0)
	acc += carry
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>32 + acc&0xffffffff
	return add(s, uint32(bits.ReverseBytes16(Fold(uint32(acc)))))
}

func add(a, b uint32) uint32 {
	sum, carry := bits.Add32(a, b, 0)
	return sum + carry
}

// Join returns the partial sum of a piece of n bytes with the sum s, followed by one with the sum next.
func Join(s uint32, n int, next uint32) uint32 {
	if n&1 != 0 {
		next = uint32(bits.ReverseBytes16(Fold(next)))
	}
	return add(s, next)
}

// Fold returns a partial sum in 16 bits. What goes into a checksum field is its complement. A sum
// over data that includes a right checksum folds to 0xffff.
func Fold(s uint32) uint16 {
	s = s>>16 + s&0xffff
	return uint16(s>>16 + s)
}

// PseudoSum returns the partial sum of the pseudo header for n bytes of header and payload of a
// transport protocol (RFC 9293 section 3.1, RFC 8200 section 8.1). The mapped form of
// IPv4 addresses adds 0xffff twice, which is zero in one's complement, so both versions have one sum.
func PseudoSum(src, dst *Addr, proto uint8, n int) uint32 {
	var acc, carry uint64
	acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(src[:]), 0)
	acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(src[8:]), carry)
	acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(dst[:]), carry)
	acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(dst[8:]), carry)
	acc += carry
	return finish(acc, 0, uint32(proto)+uint32(n))
}

// Update returns the checksum field that replaces sum when a covered 16-bit word changes from
// old to new (RFC 1624 section 3, equation 3).
func Update(sum, old, new uint16) uint16 {
	return ^Fold(uint32(^sum) + uint32(^old) + uint32(new))
}
