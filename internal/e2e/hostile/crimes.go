package main

import (
	"fmt"
	"time"

	"ringstack/msg"
	"ringstack/shm"
)

// crime breaks a rule. An error means that it could not.
type crime func(*enemy) error

// crimes returns all crimes by name.
func crimes() map[string]crime {
	all := map[string]crime{
		"hold":          hold,
		"deaf":          deaf,
		"hoard":         hoard,
		"doorbell":      ruinDoorbells,
		"foreign ends":  ruinForeignEnds,
		"free: headers": freeHeaders,
		"tx: freed": func(e *enemy) error {
			m := e.mbuf()
			put(e.free, m)
			put(e.tx, m)
			return nil
		},
	}
	for name, objs := range rubbish {
		all["tx: "+name] = func(e *enemy) error { put(e.tx, objs(e)...); return nil }
		all["free: "+name] = func(e *enemy) error { put(e.free, objs(e)...); return nil }
	}
	for name, spoil := range badFrames {
		all["tx: "+name] = func(e *enemy) error {
			m := e.mbuf()
			spoil(e, e.mem.Mbuf(m))
			put(e.tx, m)
			return nil
		}
	}
	for name, spoil := range badPositions {
		all["position: "+name] = func(e *enemy) error { spoil(e); return nil }
	}
	for name, answer := range badAnswers {
		all["answer: "+name] = func(e *enemy) error { answer(e, next(e.msgIn)); return nil }
	}
	return all
}

// rubbish is what may not be on a ring of mbufs.
var rubbish = map[string]func(e *enemy) []uint64{
	"null":       func(*enemy) []uint64 { return []uint64{0} },
	"outside":    func(*enemy) []uint64 { return []uint64{1 << 63} },
	"no pool":    func(e *enemy) []uint64 { return []uint64{e.attach.Control} },
	"misaligned": func(e *enemy) []uint64 { return []uint64{e.mbuf() + 64} },
	"another's":  func(e *enemy) []uint64 { return []uint64{e.others} },
	"twice":      func(e *enemy) []uint64 { m := e.mbuf(); return []uint64{m, m} },
	"midst": func(e *enemy) []uint64 { // good ones before and after it
		return []uint64{e.mbuf(), e.mbuf(), 0, e.mbuf(), e.mbuf()}
	},
}

// badFrames spoil the header of an mbuf that is to be sent.
var badFrames = map[string]func(e *enemy, m *shm.Mbuf){
	"past buffer":   func(e *enemy, m *shm.Mbuf) { m.DataOff = uint16(e.attach.BufLen) - 59 },
	"offset":        func(_ *enemy, m *shm.Mbuf) { m.DataOff = 0xffff },
	"longest":       func(_ *enemy, m *shm.Mbuf) { m.DataLen = 0xffff },
	"empty":         func(_ *enemy, m *shm.Mbuf) { m.DataLen = 0 },
	"short":         func(_ *enemy, m *shm.Mbuf) { m.DataLen = 13 },
	"past MTU":      func(e *enemy, m *shm.Mbuf) { m.DataLen = uint16(e.attach.Ports[0].MTU) + 19 },
	"two segments":  func(_ *enemy, m *shm.Mbuf) { m.NbSegs = 2 },
	"zero segments": func(_ *enemy, m *shm.Mbuf) { m.NbSegs = 0 },
	"next":          func(e *enemy, m *shm.Mbuf) { m.Next = e.mbuf() },
	"next is self":  func(_ *enemy, m *shm.Mbuf) { m.Next = m.BufAddr - shm.MbufSize },
}

// freeHeaders gives back mbufs with nothing but rubbish in them, which is allowed.
func freeHeaders(e *enemy) error {
	for range 512 {
		m := e.mbuf()
		whole := e.mem.Bytes(m, shm.MbufSize+e.attach.BufLen)
		for i := range whole {
			whole[i] = 0xff
		}
		put(e.free, m)
	}
	return nil
}

// hold keeps an mbuf and says which.
func hold(e *enemy) error {
	fmt.Printf("holds %#x\n", e.mbuf())
	return nil
}

// port is where the enemy gets datagrams.
var port = msg.PortRequest{Proto: 17, Port: 9999}

// deaf never reads what comes.
func deaf(e *enemy) error { return e.ask(msg.KindListen, port) }

// hoard takes all mbufs that it can get and gives none back.
func hoard(e *enemy) error {
	var some [64]uint64
	go func() {
		for {
			if e.alloc.Dequeue(some[:])+e.rx.Dequeue(some[:]) == 0 {
				time.Sleep(100 * time.Microsecond)
			}
		}
	}()
	return e.ask(msg.KindListen, port)
}
