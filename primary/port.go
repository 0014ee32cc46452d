package primary

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"ringstack/cgo"
	"ringstack/dispatch"
	"ringstack/internal/config"
	"ringstack/shm"
)

// port is an enabled NIC port.
type port struct {
	id       cgo.Port
	conf     *config.Port
	name     string
	driver   string
	ifIndex  int // of the kernel interface behind it
	mac      [6]byte
	maxFrame int  // bytes, one VLAN tag included
	hashes   bool // the NIC's hash is the dispatch table's

	pending []uint64      // validated frames that the NIC has not taken yet
	stuck   time.Duration // since when it takes none; 0: it takes
	refused uint64        // frames dropped since it took none for too long
}

// carries reports whether a frame is short enough to be sent: only one with a VLAN tag may use the
// bytes of the tag. Drivers lose longer ones without a word.
func (pt *port) carries(frame []byte) bool {
	n := len(frame)
	return n <= pt.maxFrame-vlanLen ||
		n <= pt.maxFrame && binary.BigEndian.Uint16(frame[macsLen:]) == dispatch.EtherTypeVLAN
}

// startPorts sets up and starts the ports of port_list.
func (p *Primary) startPorts() error {
	if err := p.checkVdevs(); err != nil {
		return err
	}
	for i := range p.cfg.Ports {
		conf := &p.cfg.Ports[i]
		if err := p.checkPort(conf.ID); err != nil {
			return err
		}
		if err := p.startPort(cgo.Port(conf.ID), conf); err != nil {
			return err
		}
	}
	return nil
}

// checkInterfaces refuses vdevs on kernel interfaces with arguments that EAL lets pass and that cannot work.
func (p *Primary) checkInterfaces() error {
	for i := range p.cfg.Vdevs {
		args := p.cfg.Vdevs[i].EALArg()
		if !strings.HasPrefix(args, "net_af_packet") && !strings.HasPrefix(args, "net_af_xdp") {
			continue
		}
		for _, arg := range strings.Split(args, ",") {
			if err := checkInterfaceArg(arg); err != nil {
				return fmt.Errorf("[vdev%d] %s: %w", i, arg, err)
			}
		}
	}
	return nil
}

// checkInterfaceArg checks one argument of a vdev on a kernel interface. Such a device spreads what
// comes over all of its queues, and the primary serves one.
func checkInterfaceArg(arg string) error {
	switch key, value, _ := strings.Cut(arg, "="); key {
	case "iface":
		if _, err := net.InterfaceByName(value); err != nil {
			return errors.New("there is no such interface: create it, or name another (ip link shows them)")
		}
	case "qpairs", "queue_count":
		if value != "1" {
			return errors.New("the primary serves one queue: leave it out")
		}
	}
	return nil
}

// checkVdevs names the first network vdev of which DPDK has made no port; EAL passes over it.
func (p *Primary) checkVdevs() error {
	for i := range p.cfg.Vdevs {
		args := p.cfg.Vdevs[i].EALArg()
		name, _, _ := strings.Cut(args, ",")
		if !strings.HasPrefix(name, "net_") {
			continue
		}
		if _, err := cgo.PortByName(name); err != nil {
			return fmt.Errorf("[vdev%d] DPDK makes no port of %s: check its driver and arguments (extra_eal_args=--log-level=pmd:debug and ff-primary --log-level=debug tell more)", i, args)
		}
	}
	return nil
}

// checkPort refuses a port of port_list that no device gives.
func (p *Primary) checkPort(id int) error {
	var have []string
	for _, other := range cgo.Ports() {
		if int(other) == id {
			return nil
		}
		name, err := other.Name()
		if err != nil {
			return err
		}
		have = append(have, fmt.Sprintf("%d (%s)", other, name))
	}
	if len(have) == 0 {
		have = []string{"none"}
	}
	return fmt.Errorf("port_list names port %d, but the devices give these ports: %s; correct port_list, or add a [vdevN] section or a device to allow",
		id, strings.Join(have, ", "))
}

func (p *Primary) startPort(id cgo.Port, conf *config.Port) error {
	info, err := id.Info()
	if err != nil {
		return err
	}
	if conf.MTU < info.MinMTU || conf.MTU > info.MaxMTU {
		return fmt.Errorf("[port%d] mtu=%d: driver %s takes %d to %d here", id, conf.MTU, info.Driver, info.MinMTU, info.MaxMTU)
	}
	if err := p.setUp(id, conf, info); err != nil {
		return err
	}
	if err := id.Start(); err != nil {
		return err
	}
	p.later(func() { p.warn(errors.Join(id.Stop(), id.Close())) })
	if err := p.receiveAll(id); err != nil {
		return err
	}
	name, err := id.Name()
	if err != nil {
		return err
	}
	mac, err := id.MAC()
	if err != nil {
		return err
	}
	link, err := id.Link()
	if err != nil {
		return err
	}
	p.table.SetMAC(int(id), mac)
	p.ports = append(p.ports, &port{
		id: id, conf: conf, name: name, driver: info.Driver, ifIndex: info.IfIndex, mac: mac,
		maxFrame: conf.MTU + frameOverhead,
		hashes:   p.hashesAlike(info),
		pending:  make([]uint64, 0, burst),
	})
	p.log.Info().Int("port", int(id)).Str("name", name).Str("driver", info.Driver).
		Str("mac", net.HardwareAddr(mac[:]).String()).Int("mtu", conf.MTU).Bool("link", link.Up).Msg("port")
	return nil
}

// setUp configures the port with one queue each way.
func (p *Primary) setUp(id cgo.Port, conf *config.Port, info cgo.PortInfo) error {
	settings := cgo.PortConfig{RxQueues: 1, TxQueues: 1, MTU: conf.MTU}
	settings.Offloads.VLANStrip = p.cfg.DPDK.VlanStrip && info.Offloads.VLANStrip
	if p.hashesAlike(info) {
		settings.Offloads.RSSHash = true
		settings.RSSTypes = cgo.RSSPortTypes()
		settings.RSSKey = p.rssKey()
	}
	if err := id.Configure(settings); err != nil {
		return err
	}
	rxd, txd, err := id.AdjustDescriptors(p.cfg.DPDK.NbRxd, p.cfg.DPDK.NbTxd)
	if err != nil {
		return err
	}
	if err := id.SetupRx(0, rxd, info.Socket, p.poolOn(info.Socket)); err != nil {
		return err
	}
	if err := id.SetupTx(0, txd, info.Socket); err != nil {
		return err
	}
	if err := id.SetMTU(conf.MTU); err != nil {
		if !cgo.Unsupported(err) {
			return err
		}
		p.log.Warn().Err(err).Msg("the driver keeps its MTU")
	}
	return nil
}

// hashesAlike reports whether the NIC can compute the very hash that the dispatch table uses.
func (p *Primary) hashesAlike(info cgo.PortInfo) bool {
	return p.cfg.DPDK.Dispatch == config.DispatchToeplitz && info.Offloads.RSSHash &&
		info.HashKeySize == len(dispatch.DefaultKey) && info.RSSTypes&cgo.RSSPortTypes() == cgo.RSSPortTypes()
}

// receiveAll makes the port promiscuous where that is wanted, or else receive all multicast.
func (p *Primary) receiveAll(id cgo.Port) error {
	set := id.SetAllMulticast
	if p.cfg.DPDK.Promiscuous {
		set = id.SetPromiscuous
	}
	err := set()
	if cgo.Unsupported(err) {
		p.log.Warn().Err(err).Msg("the driver refuses")
		return nil
	}
	return err
}

// describe tells secondaries about the port.
func (pt *port) describe() shm.Port {
	d := shm.Port{ID: int(pt.id), Name: pt.conf.IfName, MAC: pt.mac, MTU: pt.conf.MTU}
	if d.Name == "" {
		d.Name = fmt.Sprintf("f-stack-%d", pt.id)
	}
	add := func(prefix netip.Prefix) {
		if prefix.IsValid() {
			d.Addrs = append(d.Addrs, prefix)
		}
	}
	add(pt.conf.Prefix())
	for _, vip := range pt.conf.VIPs {
		add(netip.PrefixFrom(vip, vip.BitLen()))
	}
	add(pt.conf.Prefix6())
	for _, vip := range pt.conf.VIPs6 {
		add(netip.PrefixFrom(vip, pt.conf.VIPsPrefix))
	}
	for _, gate := range []netip.Addr{pt.conf.Gateway, pt.conf.Gateway6} {
		if gate.IsValid() {
			d.Gates = append(d.Gates, gate)
		}
	}
	return d
}
