package ring

// MessageSender makes a Producer carry one message at a time, as package msg wants it.
type MessageSender struct{ *Producer }

// Enqueue reports false when the ring is full.
func (s MessageSender) Enqueue(addr uint64) bool {
	one := [1]uint64{addr}
	return s.Producer.Enqueue(one[:]) == 1
}

// MessageReceiver makes a Consumer give one message at a time, as package msg wants it.
type MessageReceiver struct{ *Consumer }

// Dequeue reports false when the ring is empty.
func (r MessageReceiver) Dequeue() (addr uint64, ok bool) {
	var one [1]uint64
	ok = r.Consumer.Dequeue(one[:]) == 1
	return one[0], ok
}
