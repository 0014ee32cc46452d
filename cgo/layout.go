package cgo

/*
#include <stddef.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

enum {
	mbuf_sizeof     = sizeof(struct rte_mbuf),
	mbuf_buf_addr   = offsetof(struct rte_mbuf, buf_addr),
	mbuf_buf_iova   = offsetof(struct rte_mbuf, buf_iova),
	mbuf_data_off   = offsetof(struct rte_mbuf, data_off),
	mbuf_refcnt     = offsetof(struct rte_mbuf, refcnt),
	mbuf_nb_segs    = offsetof(struct rte_mbuf, nb_segs),
	mbuf_port       = offsetof(struct rte_mbuf, port),
	mbuf_ol_flags   = offsetof(struct rte_mbuf, ol_flags),
	mbuf_type       = offsetof(struct rte_mbuf, packet_type),
	mbuf_pkt_len    = offsetof(struct rte_mbuf, pkt_len),
	mbuf_data_len   = offsetof(struct rte_mbuf, data_len),
	mbuf_vlan_tci   = offsetof(struct rte_mbuf, vlan_tci),
	mbuf_rss        = offsetof(struct rte_mbuf, hash.rss),
	mbuf_buf_len    = offsetof(struct rte_mbuf, buf_len),
	mbuf_pool       = offsetof(struct rte_mbuf, pool),
	mbuf_next       = offsetof(struct rte_mbuf, next),
	mbuf_tx_offload = offsetof(struct rte_mbuf, tx_offload),
	mbuf_shinfo     = offsetof(struct rte_mbuf, shinfo),
	mbuf_priv_size  = offsetof(struct rte_mbuf, priv_size),
	ring_sizeof     = sizeof(struct rte_ring),
	ring_size       = offsetof(struct rte_ring, size),
	ring_mask       = offsetof(struct rte_ring, mask),
	ring_capacity   = offsetof(struct rte_ring, capacity),
	ring_prod_head  = offsetof(struct rte_ring, prod.head),
	ring_prod_tail  = offsetof(struct rte_ring, prod.tail),
	ring_cons_head  = offsetof(struct rte_ring, cons.head),
	ring_cons_tail  = offsetof(struct rte_ring, cons.tail),
	flag_rss_hash      = RTE_MBUF_F_RX_RSS_HASH,
	flag_vlan_stripped = RTE_MBUF_F_RX_VLAN_STRIPPED,
};
*/
import "C"

// Headroom is RTE_PKTMBUF_HEADROOM, the bytes before a received frame.
const Headroom = C.RTE_PKTMBUF_HEADROOM

// Layout returns what the C compiler knows of the structs that package shm reads and writes:
// sizes, offsets and flags, under shm's names for them.
func Layout() map[string]uint64 {
	return map[string]uint64{
		"mbuf":               C.mbuf_sizeof,
		"mbuf.buf_addr":      C.mbuf_buf_addr,
		"mbuf.buf_iova":      C.mbuf_buf_iova,
		"mbuf.data_off":      C.mbuf_data_off,
		"mbuf.refcnt":        C.mbuf_refcnt,
		"mbuf.nb_segs":       C.mbuf_nb_segs,
		"mbuf.port":          C.mbuf_port,
		"mbuf.ol_flags":      C.mbuf_ol_flags,
		"mbuf.packet_type":   C.mbuf_type,
		"mbuf.pkt_len":       C.mbuf_pkt_len,
		"mbuf.data_len":      C.mbuf_data_len,
		"mbuf.vlan_tci":      C.mbuf_vlan_tci,
		"mbuf.hash.rss":      C.mbuf_rss,
		"mbuf.buf_len":       C.mbuf_buf_len,
		"mbuf.pool":          C.mbuf_pool,
		"mbuf.next":          C.mbuf_next,
		"mbuf.tx_offload":    C.mbuf_tx_offload,
		"mbuf.shinfo":        C.mbuf_shinfo,
		"mbuf.priv_size":     C.mbuf_priv_size,
		"ring":               C.ring_sizeof,
		"ring.size":          C.ring_size,
		"ring.mask":          C.ring_mask,
		"ring.capacity":      C.ring_capacity,
		"ring.prod.head":     C.ring_prod_head,
		"ring.prod.tail":     C.ring_prod_tail,
		"ring.cons.head":     C.ring_cons_head,
		"ring.cons.tail":     C.ring_cons_tail,
		"flag.rss_hash":      C.flag_rss_hash,
		"flag.vlan_stripped": C.flag_vlan_stripped,
	}
}
