package native

// table finds what an id of the stack stands for. Such an id is a slot number, and the slot's generation in the upper half.
type table[T any] struct{ seats []seat[T] }

type seat[T any] struct {
	id   uint64 // 0: the seat is free
	user T
}

// get returns what id stands for; false: nothing any more.
func (t *table[T]) get(id uint64) (user T, ok bool) {
	if i := uint64(uint32(id)); i < uint64(len(t.seats)) && t.seats[i].id == id && id != 0 {
		return t.seats[i].user, true
	}
	return user, false
}

// at returns what the id of a slot stands for, nil when that is nothing.
func (t *table[T]) at(slot uint32) T { return t.seats[slot].user }

// put gives id to user.
func (t *table[T]) put(id uint64, user T) {
	i := int(uint32(id))
	for i >= len(t.seats) {
		t.seats = append(t.seats, seat[T]{})
	}
	t.seats[i] = seat[T]{id, user}
}

// drop forgets id.
func (t *table[T]) drop(id uint64) {
	if _, ok := t.get(id); ok {
		t.seats[uint32(id)] = seat[T]{}
	}
}

// each calls f for all that the table has.
func (t *table[T]) each(f func(T)) {
	for _, s := range t.seats {
		if s.id != 0 {
			f(s.user)
		}
	}
}
