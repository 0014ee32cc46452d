package main

import (
	"sync/atomic"

	"ringstack/msg"
)

// badAnswers answer the request in the message buffer.
var badAnswers = map[string]func(e *enemy, buf uint64){
	"unknown buffer":   func(e *enemy, _ uint64) { put(e.msgOut, e.attach.Control) },
	"misplaced buffer": func(e *enemy, buf uint64) { put(e.msgOut, buf+8) },
	"twice":            func(e *enemy, buf uint64) { e.answer(buf, nil); put(e.msgOut, buf) },
	"id":               func(e *enemy, buf uint64) { e.answer(buf, func(h *msg.Header) { h.ID++ }) },
	"kind":             func(e *enemy, buf uint64) { e.answer(buf, func(h *msg.Header) { h.Kind = msg.KindFlows }) },
	"length":           func(e *enemy, buf uint64) { e.answer(buf, func(h *msg.Header) { h.Len = msg.MaxMessage }) },
	"longest":          func(e *enemy, buf uint64) { e.answer(buf, func(h *msg.Header) { h.Len = 1<<32 - 1 }) },
	"status":           func(e *enemy, buf uint64) { e.answer(buf, func(h *msg.Header) { h.Status = -1 }) },
	"no header":        func(e *enemy, buf uint64) { clear(e.mem.Buffer(buf)); put(e.msgOut, buf) },
	"end without end":  endlessly,
	"position":         answerAhead,
}

// answer puts an empty reply into a buffer, spoils its header, and sends it.
func (e *enemy) answer(buf uint64, spoil func(*msg.Header)) {
	b := e.mem.Buffer(buf)
	h, err := msg.ParseHeader(b)
	if err != nil {
		return // the primary keeps to the protocol
	}
	h.Len = 0
	if spoil != nil {
		spoil(&h)
	}
	h.Put(b)
	put(e.msgOut, buf)
}

// endlessly answers with a part after another.
func endlessly(e *enemy, buf uint64) {
	go func() {
		for ; ; buf = next(e.msgIn) {
			e.answer(buf, func(h *msg.Header) { h.Flags, h.Len = msg.FlagMore, msg.MaxMessage-msg.HeaderSize })
		}
	}()
}

// answerAhead answers well, but claims to have read what it has not been sent. The primary
// looks at the claim when the ring could be full.
func answerAhead(e *enemy, buf uint64) {
	go func() {
		for ; ; buf = next(e.msgIn) {
			shared := e.mem.Ring(e.attach.MsgIn)
			atomic.AddUint32(&shared.ConsTail, leap)
			e.answer(buf, nil)
		}
	}()
}
