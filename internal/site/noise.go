package site

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
)

// Noise returns size bytes that seed decides.
func Noise(seed uint64, size int64) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return io.LimitReader(rand.NewChaCha8(key), size)
}

// Check reads got to its end and returns how it differs from Noise(seed, size).
func Check(got io.Reader, seed uint64, size int64) error {
	var have, want [16 << 10]byte
	noise := Noise(seed, size)
	for at := int64(0); ; {
		n, err := got.Read(have[:])
		wanted, _ := io.ReadFull(noise, want[:n]) // short at the end of the noise only
		if !bytes.Equal(have[:n], want[:wanted]) {
			return fmt.Errorf("noise %d of %d bytes is wrong within %d bytes after byte %d", seed, size, n, at)
		}
		at += int64(n)
		switch {
		case err == io.EOF && at < size:
			return fmt.Errorf("noise %d of %d bytes ends after %d: %w", seed, size, at, io.ErrUnexpectedEOF)
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("noise %d of %d bytes fails after %d: %w", seed, size, at, err)
		}
	}
}
