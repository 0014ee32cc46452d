package cgo

/*
#include <rte_ethdev.h>
*/
import "C"

// PortStats are the basic counters of a port since its start.
type PortStats struct {
	RxPackets, TxPackets uint64
	RxBytes, TxBytes     uint64
	RxMissed             uint64 // dropped by the hardware: no descriptor was free
	RxErrors, TxErrors   uint64
	RxNoMbuf             uint64 // receptions that failed because the pool was empty
}

// Stats runs rte_eth_stats_get.
func (p Port) Stats() (PortStats, error) {
	var s C.struct_rte_eth_stats
	if err := check(C.rte_eth_stats_get(C.uint16_t(p), &s), "read stats of port %d", p); err != nil {
		return PortStats{}, err
	}
	return PortStats{
		RxPackets: uint64(s.ipackets), TxPackets: uint64(s.opackets),
		RxBytes: uint64(s.ibytes), TxBytes: uint64(s.obytes),
		RxMissed: uint64(s.imissed), RxErrors: uint64(s.ierrors), TxErrors: uint64(s.oerrors),
		RxNoMbuf: uint64(s.rx_nombuf),
	}, nil
}

// Xstat is an extended counter of a driver.
type Xstat struct {
	Name  string
	Value uint64
}

// Xstats runs rte_eth_xstats_get_names and rte_eth_xstats_get.
func (p Port) Xstats() ([]Xstat, error) {
	n := C.rte_eth_xstats_get(C.uint16_t(p), nil, 0)
	if err := check(n, "count xstats of port %d", p); err != nil || n == 0 {
		return nil, err
	}
	values, names := make([]C.struct_rte_eth_xstat, n), make([]C.struct_rte_eth_xstat_name, n)
	if err := check(C.rte_eth_xstats_get_names(C.uint16_t(p), &names[0], C.uint(n)), "name xstats of port %d", p); err != nil {
		return nil, err
	}
	got := C.rte_eth_xstats_get(C.uint16_t(p), &values[0], C.uint(n))
	if err := check(got, "read xstats of port %d", p); err != nil {
		return nil, err
	}
	stats := make([]Xstat, min(got, n))
	for i := range stats {
		stats[i] = Xstat{C.GoString(&names[values[i].id].name[0]), uint64(values[i].value)}
	}
	return stats, nil
}
