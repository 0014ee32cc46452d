package shm

import (
	"structs"
	"unsafe"
)

// MbufSize is the size of struct rte_mbuf in bytes; the data room follows it, since the pools have
// no private area.
const MbufSize = 128

// Headroom is the room before a received frame, in bytes (RTE_PKTMBUF_HEADROOM).
const Headroom = 128

// Flags in Mbuf.OlFlags.
const (
	FlagRSSHash      = 1 << 1 // RTE_MBUF_F_RX_RSS_HASH: HashRSS is the NIC's hash
	FlagVLANStripped = 1 << 6 // RTE_MBUF_F_RX_VLAN_STRIPPED: VlanTCI has the tag that was taken off
)

// Mbuf is struct rte_mbuf of DPDK 22.11. Addresses in it are the primary's.
type Mbuf struct {
	_            structs.HostLayout
	BufAddr      uint64
	BufIOVA      uint64
	DataOff      uint16
	Refcnt       uint16
	NbSegs       uint16
	Port         uint16
	OlFlags      uint64
	PacketType   uint32
	PktLen       uint32
	DataLen      uint16
	VlanTCI      uint16
	HashRSS      uint32
	HashHi       uint32
	VlanTCIOuter uint16
	BufLen       uint16
	Pool         uint64
	Next         uint64
	TxOffload    uint64
	Shinfo       uint64
	PrivSize     uint16
	Timesync     uint16
	Dynfield1    [9]uint32
}

// Mbuf returns the mbuf at addr, which is known to be one.
func (m *Memory) Mbuf(addr uint64) *Mbuf { return (*Mbuf)(m.At(addr)) }

// Frame returns the n bytes that start off bytes into the data room of the mbuf at addr. The caller
// knows that they lie in it; the slice is valid while the caller holds the mbuf.
func (m *Memory) Frame(addr uint64, off, n int) []byte {
	return m.Bytes(addr+MbufSize+uint64(off), n)
}

// layout is what this package believes of DPDK's structs, under the names that cgo.Layout uses.
var layout = map[string]uint64{
	"mbuf":               uint64(unsafe.Sizeof(Mbuf{})),
	"mbuf.buf_addr":      uint64(unsafe.Offsetof(Mbuf{}.BufAddr)),
	"mbuf.buf_iova":      uint64(unsafe.Offsetof(Mbuf{}.BufIOVA)),
	"mbuf.data_off":      uint64(unsafe.Offsetof(Mbuf{}.DataOff)),
	"mbuf.refcnt":        uint64(unsafe.Offsetof(Mbuf{}.Refcnt)),
	"mbuf.nb_segs":       uint64(unsafe.Offsetof(Mbuf{}.NbSegs)),
	"mbuf.port":          uint64(unsafe.Offsetof(Mbuf{}.Port)),
	"mbuf.ol_flags":      uint64(unsafe.Offsetof(Mbuf{}.OlFlags)),
	"mbuf.packet_type":   uint64(unsafe.Offsetof(Mbuf{}.PacketType)),
	"mbuf.pkt_len":       uint64(unsafe.Offsetof(Mbuf{}.PktLen)),
	"mbuf.data_len":      uint64(unsafe.Offsetof(Mbuf{}.DataLen)),
	"mbuf.vlan_tci":      uint64(unsafe.Offsetof(Mbuf{}.VlanTCI)),
	"mbuf.hash.rss":      uint64(unsafe.Offsetof(Mbuf{}.HashRSS)),
	"mbuf.buf_len":       uint64(unsafe.Offsetof(Mbuf{}.BufLen)),
	"mbuf.pool":          uint64(unsafe.Offsetof(Mbuf{}.Pool)),
	"mbuf.next":          uint64(unsafe.Offsetof(Mbuf{}.Next)),
	"mbuf.tx_offload":    uint64(unsafe.Offsetof(Mbuf{}.TxOffload)),
	"mbuf.shinfo":        uint64(unsafe.Offsetof(Mbuf{}.Shinfo)),
	"mbuf.priv_size":     uint64(unsafe.Offsetof(Mbuf{}.PrivSize)),
	"ring":               uint64(unsafe.Sizeof(Ring{})),
	"ring.size":          uint64(unsafe.Offsetof(Ring{}.Size)),
	"ring.mask":          uint64(unsafe.Offsetof(Ring{}.Mask)),
	"ring.capacity":      uint64(unsafe.Offsetof(Ring{}.Capacity)),
	"ring.prod.head":     uint64(unsafe.Offsetof(Ring{}.ProdHead)),
	"ring.prod.tail":     uint64(unsafe.Offsetof(Ring{}.ProdTail)),
	"ring.cons.head":     uint64(unsafe.Offsetof(Ring{}.ConsHead)),
	"ring.cons.tail":     uint64(unsafe.Offsetof(Ring{}.ConsTail)),
	"flag.rss_hash":      FlagRSSHash,
	"flag.vlan_stripped": FlagVLANStripped,
}
