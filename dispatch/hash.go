package dispatch

import "encoding/binary"

// NumBuckets is the number of buckets of each owned port. The bucket of a flow
// is its hash modulo NumBuckets, whatever the Hash.
const NumBuckets = 256

// Hash spreads flows over buckets and procs. Sum hashes the addresses of f and,
// if ports is true, its ports. It may not keep f.
type Hash interface {
	Sum(f *Flow, ports bool) uint32
}

// Modulo is the cheap Hash: the sum of the flow's 32-bit words and its ports.
// It spreads well what counts up, such as a client's ports, and nothing else.
type Modulo struct{}

// Sum implements Hash.
func (Modulo) Sum(f *Flow, ports bool) uint32 {
	sum := words(&f.Remote) + words(&f.Local)
	if ports {
		sum += uint32(f.RemotePort) + uint32(f.LocalPort)
	}
	return sum
}

func words(a *[16]byte) uint32 {
	be := binary.BigEndian
	return be.Uint32(a[0:]) + be.Uint32(a[4:]) + be.Uint32(a[8:]) + be.Uint32(a[12:])
}
