package cgo

/*
#include <stdlib.h>
#include <string.h>
#include <rte_ethdev.h>
#include <rte_errno.h>

static int port_configure(uint16_t port, uint16_t rxq, uint16_t txq, uint32_t mtu,
		uint64_t rx_offloads, uint64_t tx_offloads, uint64_t rss_hf, uint8_t *key, uint8_t key_len) {
	struct rte_eth_conf conf;
	memset(&conf, 0, sizeof conf);
	conf.rxmode.mtu = mtu;
	conf.rxmode.offloads = rx_offloads;
	conf.txmode.offloads = tx_offloads;
	if (rss_hf) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = rss_hf;
		conf.rx_adv_conf.rss_conf.rss_key = key;
		conf.rx_adv_conf.rss_conf.rss_key_len = key_len;
	}
	return rte_eth_dev_configure(port, rxq, txq, &conf);
}

static uint64_t rss_port_types(void) {
	return RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP |
		RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;
}
static uint64_t rx_hash_offload(void) { return RTE_ETH_RX_OFFLOAD_RSS_HASH; }
static uint64_t rx_vlan_strip_offload(void) { return RTE_ETH_RX_OFFLOAD_VLAN_STRIP; }

static uint16_t rx_burst(uint16_t port, uint16_t queue, uint64_t *m, uint16_t n) {
	return rte_eth_rx_burst(port, queue, (struct rte_mbuf **)m, n);
}
static uint16_t tx_burst(uint16_t port, uint16_t queue, uint64_t *m, uint16_t n) {
	return rte_eth_tx_burst(port, queue, (struct rte_mbuf **)m, n);
}
static int link_status(uint16_t port, uint32_t *speed, int *up, int *duplex) {
	struct rte_eth_link link;
	int rc = rte_eth_link_get_nowait(port, &link);
	*speed = link.link_speed;
	*up = link.link_status;
	*duplex = link.link_duplex;
	return rc;
}
// max_mtu is the largest MTU that rte_eth_dev_configure takes: the driver's, or what its longest
// frame leaves beside the Ethernet overhead.
static uint32_t max_mtu(const struct rte_eth_dev_info *info) {
	uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
	if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
		overhead = info->max_rx_pktlen - info->max_mtu;
	if (info->max_rx_pktlen < overhead)
		return info->max_mtu;
	return RTE_MIN((uint32_t)info->max_mtu, info->max_rx_pktlen - overhead);
}
static uint16_t next_port(uint16_t from) { return rte_eth_find_next(from); }
*/
import "C"

import (
	"errors"
	"syscall"
	"unsafe"
)

// Port is the id of an ethdev port.
type Port uint16

// Offloads that a port may have; see PortInfo.
type Offloads struct {
	RSSHash   bool // the NIC's hash comes with each received mbuf
	VLANStrip bool
}

// PortInfo is what rte_eth_dev_info_get tells of a port.
type PortInfo struct {
	Driver         string
	MinMTU, MaxMTU int
	MaxRxQueues    int
	MaxTxQueues    int
	HashKeySize    int
	RSSTypes       uint64 // flow types that it can hash
	Offloads       Offloads
	Socket         int // NUMA socket, -1 for any
	IfIndex        int // of the kernel interface behind it, 0 for none
}

// Ports returns the ids of all ports.
func Ports() []Port {
	var ports []Port
	for p := C.next_port(0); p < C.RTE_MAX_ETHPORTS; p = C.next_port(p + 1) {
		ports = append(ports, Port(p))
	}
	return ports
}

// PortByName runs rte_eth_dev_get_port_by_name; ENODEV when there is none.
func PortByName(name string) (Port, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	var id C.uint16_t
	err := check(C.rte_eth_dev_get_port_by_name(cname, &id), "find port %s", name)
	return Port(id), err
}

// Name runs rte_eth_dev_get_name_by_port.
func (p Port) Name() (string, error) {
	var name [C.RTE_ETH_NAME_MAX_LEN]C.char
	err := check(C.rte_eth_dev_get_name_by_port(C.uint16_t(p), &name[0]), "name port %d", p)
	return C.GoString(&name[0]), err
}

// Info runs rte_eth_dev_info_get.
func (p Port) Info() (PortInfo, error) {
	var info C.struct_rte_eth_dev_info
	if err := check(C.rte_eth_dev_info_get(C.uint16_t(p), &info), "query port %d", p); err != nil {
		return PortInfo{}, err
	}
	return PortInfo{
		Driver:      C.GoString(info.driver_name),
		MinMTU:      int(info.min_mtu),
		MaxMTU:      int(C.max_mtu(&info)),
		MaxRxQueues: int(info.max_rx_queues),
		MaxTxQueues: int(info.max_tx_queues),
		HashKeySize: int(info.hash_key_size),
		RSSTypes:    uint64(info.flow_type_rss_offloads),
		Offloads: Offloads{
			RSSHash:   info.rx_offload_capa&C.rx_hash_offload() != 0,
			VLANStrip: info.rx_offload_capa&C.rx_vlan_strip_offload() != 0,
		},
		Socket:  int(C.rte_eth_dev_socket_id(C.uint16_t(p))),
		IfIndex: int(info.if_index),
	}, nil
}

// PortConfig is the part of rte_eth_conf that ringstack sets.
type PortConfig struct {
	RxQueues, TxQueues int
	MTU                int
	Offloads           Offloads
	RSSTypes           uint64 // 0: no RSS
	RSSKey             []byte // used with RSSTypes
}

// RSSPortTypes are the flow types that are hashed with their ports: TCP and UDP over IPv4 and IPv6.
func RSSPortTypes() uint64 { return uint64(C.rss_port_types()) }

// Configure runs rte_eth_dev_configure; the port is stopped.
func (p Port) Configure(conf PortConfig) error {
	var rx C.uint64_t
	if conf.Offloads.RSSHash {
		rx |= C.rx_hash_offload()
	}
	if conf.Offloads.VLANStrip {
		rx |= C.rx_vlan_strip_offload()
	}
	var key *C.uint8_t
	if len(conf.RSSKey) > 0 {
		key = (*C.uint8_t)(C.CBytes(conf.RSSKey))
		defer C.free(unsafe.Pointer(key))
	}
	return check(C.port_configure(C.uint16_t(p), C.uint16_t(conf.RxQueues), C.uint16_t(conf.TxQueues),
		C.uint32_t(conf.MTU), rx, 0, C.uint64_t(conf.RSSTypes), key, C.uint8_t(len(conf.RSSKey))),
		"configure port %d", p)
}

// AdjustDescriptors runs rte_eth_dev_adjust_nb_rx_tx_desc: the nearest counts that the port can do.
func (p Port) AdjustDescriptors(rx, tx int) (int, int, error) {
	crx, ctx := C.uint16_t(rx), C.uint16_t(tx)
	err := check(C.rte_eth_dev_adjust_nb_rx_tx_desc(C.uint16_t(p), &crx, &ctx), "adjust descriptors of port %d", p)
	return int(crx), int(ctx), err
}

// SetupRx runs rte_eth_rx_queue_setup with the driver's defaults.
func (p Port) SetupRx(queue, descriptors, socket int, pool *Mempool) error {
	return check(C.rte_eth_rx_queue_setup(C.uint16_t(p), C.uint16_t(queue), C.uint16_t(descriptors),
		C.uint(socket), nil, pool.c()), "set up rx queue %d of port %d", queue, p)
}

// SetupTx runs rte_eth_tx_queue_setup with the driver's defaults.
func (p Port) SetupTx(queue, descriptors, socket int) error {
	return check(C.rte_eth_tx_queue_setup(C.uint16_t(p), C.uint16_t(queue), C.uint16_t(descriptors),
		C.uint(socket), nil), "set up tx queue %d of port %d", queue, p)
}

// Start runs rte_eth_dev_start.
func (p Port) Start() error { return check(C.rte_eth_dev_start(C.uint16_t(p)), "start port %d", p) }

// Stop runs rte_eth_dev_stop.
func (p Port) Stop() error { return check(C.rte_eth_dev_stop(C.uint16_t(p)), "stop port %d", p) }

// Close runs rte_eth_dev_close; the port is stopped and then gone.
func (p Port) Close() error { return check(C.rte_eth_dev_close(C.uint16_t(p)), "close port %d", p) }

// MAC runs rte_eth_macaddr_get.
func (p Port) MAC() (mac [6]byte, err error) {
	var addr C.struct_rte_ether_addr
	err = check(C.rte_eth_macaddr_get(C.uint16_t(p), &addr), "read MAC of port %d", p)
	return *(*[6]byte)(unsafe.Pointer(&addr)), err
}

// MTU runs rte_eth_dev_get_mtu.
func (p Port) MTU() (int, error) {
	var mtu C.uint16_t
	err := check(C.rte_eth_dev_get_mtu(C.uint16_t(p), &mtu), "read MTU of port %d", p)
	return int(mtu), err
}

// SetMTU runs rte_eth_dev_set_mtu. errors.Is(err, syscall.ENOTSUP): the driver cannot.
func (p Port) SetMTU(mtu int) error {
	return check(C.rte_eth_dev_set_mtu(C.uint16_t(p), C.uint16_t(mtu)), "set MTU of port %d to %d", p, mtu)
}

// SetPromiscuous runs rte_eth_promiscuous_enable. errors.Is(err, syscall.ENOTSUP): the driver cannot.
func (p Port) SetPromiscuous() error {
	return check(C.rte_eth_promiscuous_enable(C.uint16_t(p)), "set port %d promiscuous", p)
}

// SetAllMulticast runs rte_eth_allmulticast_enable, with errors as for SetPromiscuous.
func (p Port) SetAllMulticast() error {
	return check(C.rte_eth_allmulticast_enable(C.uint16_t(p)), "set port %d to receive all multicast", p)
}

// Link is the state of a port's link.
type Link struct {
	Up         bool
	FullDuplex bool
	Mbps       uint32
}

// Link runs rte_eth_link_get_nowait.
func (p Port) Link() (Link, error) {
	var speed C.uint32_t
	var up, duplex C.int
	err := check(C.link_status(C.uint16_t(p), &speed, &up, &duplex), "read link of port %d", p)
	return Link{up != 0, duplex != 0, uint32(speed)}, err
}

// RxBurst runs rte_eth_rx_burst and returns how many mbufs it put into m. len(m) is not 0.
func (p Port) RxBurst(queue int, m []uint64) int {
	return int(C.rx_burst(C.uint16_t(p), C.uint16_t(queue), (*C.uint64_t)(unsafe.Pointer(&m[0])), C.uint16_t(len(m))))
}

// TxBurst runs rte_eth_tx_burst and returns how many mbufs of m the driver took over. len(m) is not 0.
func (p Port) TxBurst(queue int, m []uint64) int {
	return int(C.tx_burst(C.uint16_t(p), C.uint16_t(queue), (*C.uint64_t)(unsafe.Pointer(&m[0])), C.uint16_t(len(m))))
}

// Unsupported tells whether err says that a driver lacks an operation.
func Unsupported(err error) bool { return errors.Is(err, syscall.ENOTSUP) }
