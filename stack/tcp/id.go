package tcp

// ID names a connection or a listener: slot number and the slot's generation. 0 names nothing. An ID that is no longer
// valid never names a later connection.
type ID uint64

func makeID(index, gen uint32) ID { return ID(gen)<<32 | ID(index) }

func (id ID) index() uint32 { return uint32(id) }
func (id ID) gen() uint32   { return uint32(id >> 32) }
