package main

import (
	"context"
	"errors"
	"os"
	"time"

	"ringstack/msg"
	"ringstack/ring"
	"ringstack/shm"
)

const patience = 10 * time.Second

// enemy is an attached secondary without a stack.
type enemy struct {
	client *msg.Client
	attach shm.Attach
	mem    *shm.Memory
	slot   *shm.Slot
	header *shm.Header
	others uint64 // an mbuf that another secondary holds

	alloc, rx, msgIn *ring.Consumer
	free, tx, msgOut *ring.Producer
}

// attach attaches with a proc id, without traffic of its own.
func attach(proc int) (*enemy, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client, reply, err := msg.Dial(ctx, os.Getenv("FF_SOCKET"), msg.Hello{Role: msg.RoleSecondary, Program: "hostile", Proc: proc})
	if err != nil {
		return nil, err
	}
	e := &enemy{client: client}
	if err := reply.Decode(&e.attach); err != nil {
		return nil, err
	}
	if e.mem, err = shm.Map(e.attach.Segments, reply.FDs); err != nil {
		return nil, err
	}
	if e.header, err = e.mem.Control(e.attach.Control, e.attach.Epoch); err != nil {
		return nil, err
	}
	e.slot = e.mem.Slot(e.attach.Control, e.attach.Proc)
	if err := e.openRings(); err != nil {
		return nil, err
	}
	return e, client.Call(ctx, msg.KindReady, msg.Ready{}, nil)
}

func (e *enemy) openRings() error {
	var errs [6]error
	a, port := &e.attach, &e.attach.Ports[0]
	e.alloc, errs[0] = ring.NewConsumer(e.mem, a.Alloc)
	e.rx, errs[1] = ring.NewConsumer(e.mem, port.Rx)
	e.msgIn, errs[2] = ring.NewConsumer(e.mem, a.MsgIn)
	e.free, errs[3] = ring.NewProducer(e.mem, a.Free)
	e.tx, errs[4] = ring.NewProducer(e.mem, port.Tx)
	e.msgOut, errs[5] = ring.NewProducer(e.mem, a.MsgOut)
	return errors.Join(errs[:]...)
}

// ask makes a call to the primary.
func (e *enemy) ask(kind msg.Kind, in any) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return e.client.Call(ctx, kind, in, nil)
}

// put puts objects on a ring.
func put(p *ring.Producer, objs ...uint64) { p.Enqueue(objs) }

// next waits for an object from a ring.
func next(c *ring.Consumer) uint64 {
	var one [1]uint64
	for c.Dequeue(one[:]) == 0 {
		time.Sleep(100 * time.Microsecond)
	}
	return one[0]
}

// mbuf returns an empty mbuf that the primary has supplied, made ready to be sent as a short frame.
func (e *enemy) mbuf() uint64 {
	addr := next(e.alloc)
	m := e.mem.Mbuf(addr)
	m.DataOff, m.DataLen, m.PktLen, m.NbSegs, m.Next = shm.Headroom, 60, 60, 1, 0
	clear(e.mem.Frame(addr, shm.Headroom, 60))
	return addr
}
