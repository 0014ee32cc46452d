package main

import (
	"math/rand/v2"
	"sync/atomic"

	"ringstack/shm"
)

// leap is more than any ring holds.
const leap = 1 << 20

// badPositions claim to have sent or read what cannot be. Of what it has read of its dispatch ring
// the primary takes notice only when the ring could be full, or a tool asks.
var badPositions = map[string]func(e *enemy){
	"tx ahead":       func(e *enemy) { atomic.AddUint32(&e.txRing().ProdTail, leap) },
	"tx back":        func(e *enemy) { atomic.AddUint32(&e.txRing().ProdTail, ^uint32(0)) },
	"free ahead":     func(e *enemy) { atomic.AddUint32(&e.mem.Ring(e.attach.Free).ProdTail, leap) },
	"free back":      func(e *enemy) { atomic.AddUint32(&e.mem.Ring(e.attach.Free).ProdTail, ^uint32(0)) },
	"msg_out ahead":  func(e *enemy) { atomic.AddUint32(&e.mem.Ring(e.attach.MsgOut).ProdTail, leap) },
	"msg_out back":   func(e *enemy) { atomic.AddUint32(&e.mem.Ring(e.attach.MsgOut).ProdTail, ^uint32(0)) },
	"alloc ahead":    func(e *enemy) { atomic.AddUint32(&e.mem.Ring(e.attach.Alloc).ConsTail, leap) },
	"alloc back":     func(e *enemy) { atomic.AddUint32(&e.mem.Ring(e.attach.Alloc).ConsTail, ^uint32(leap)) },
	"dispatch ahead": func(e *enemy) { atomic.AddUint32(&e.rxRing().ConsTail, leap) },
	"dispatch back":  func(e *enemy) { atomic.AddUint32(&e.rxRing().ConsTail, ^uint32(leap)) },
}

func (e *enemy) rxRing() *shm.Ring { return e.mem.Ring(e.attach.Ports[0].Rx) }
func (e *enemy) txRing() *shm.Ring { return e.mem.Ring(e.attach.Ports[0].Tx) }

// rings returns all rings, those first to which the primary writes.
func (e *enemy) rings() []*shm.Ring {
	a := &e.attach
	return []*shm.Ring{
		e.mem.Ring(a.Alloc), e.rxRing(), e.mem.Ring(a.MsgIn),
		e.mem.Ring(a.Free), e.txRing(), e.mem.Ring(a.MsgOut),
	}
}

// ruinForeignEnds overwrites what belongs to the primary in the rings, and their sizes. The primary
// knows better.
func ruinForeignEnds(e *enemy) error {
	for i, r := range e.rings() {
		head, tail := &r.ProdHead, &r.ProdTail
		if i >= 3 {
			head, tail = &r.ConsHead, &r.ConsTail
		}
		atomic.StoreUint32(head, rand.Uint32())
		atomic.StoreUint32(tail, rand.Uint32())
		ruinSize(r)
	}
	return nil
}

func ruinSize(r *shm.Ring) { r.Size, r.Mask, r.Capacity = 1<<31, 1<<31-1, 1<<31-1 }

// rage fills all rings with rubbish.
func (e *enemy) rage() {
	for _, r := range e.rings() {
		for _, position := range []*uint32{&r.ProdHead, &r.ProdTail, &r.ConsHead, &r.ConsTail} {
			atomic.StoreUint32(position, rand.Uint32())
		}
		ruinSize(r)
	}
	put(e.tx, e.others, 0, 1<<63)
	put(e.free, e.others, 0, 1<<63)
	put(e.msgOut, e.attach.Control, 0)
}
