package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestContradictions(t *testing.T) {
	twoPorts := func(lines ...string) string {
		return withDPDK("port_list=0,1") + "[port1]\n" + strings.Join(lines, "\n") + "\n[vdev1]\nargs=net_null1\n" // from line 9
	}
	for _, test := range []struct {
		name string
		text string
		want []string
	}{
		{"proc_lcore has the primary's", withDPDK("lcore_mask=2", "proc_lcore=0-2"), []string{
			"config.ini:3: [dpdk] proc_lcore=0-2: lcore 1 is the primary's, the lowest bit of lcore_mask"}},
		{"proc_lcore has the default primary's", withDPDK("proc_lcore=0,1"), []string{
			"config.ini:2: [dpdk] proc_lcore=0,1: lcore 0 is the primary's, the lowest bit of lcore_mask"}},
		{"proc_lcore against lcore_mask", withDPDK("lcore_mask=7", "proc_lcore=1,3"), []string{
			"config.ini:3: [dpdk] proc_lcore=1,3: lcore_mask=7 says 1,2; give it only the primary's bit, or the same lcores"}},
		{"proc_lcore against nb_procs", withDPDK("proc_lcore=1-3", "nb_procs=2"), []string{
			"config.ini:2: [dpdk] proc_lcore=1-3: has lcores for 3 secondaries, but nb_procs=2"}},
		{"lcore_mask against nb_procs", withDPDK("lcore_mask=f", "nb_procs=4"), []string{
			"config.ini:2: [dpdk] lcore_mask=f: has lcores for 3 secondaries, but nb_procs=4"}},
		{"lcore_mask against max_procs", withDPDK("lcore_mask=f", "max_procs=2"), []string{
			"config.ini:2: [dpdk] lcore_mask=f: has lcores for 3 secondaries, but max_procs=2"}},
		{"nb_procs against max_procs", withDPDK("nb_procs=17"), []string{
			"config.ini:2: [dpdk] nb_procs=17: more than max_procs=16"}},
		{"proc_id against nb_procs", withDPDK("nb_procs=2", "proc_id=2"), []string{
			"config.ini:3: [dpdk] proc_id=2: not below nb_procs=2"}},
		{"proc_id against max_procs", withDPDK("proc_id=16"), []string{
			"config.ini:2: [dpdk] proc_id=16: not below max_procs=16"}},
		{"what follows from another mistake is not reported", withDPDK("lcore_mask=xyz", "nb_procs=0", "proc_lcore=0,0"), []string{
			"config.ini:2: [dpdk] lcore_mask=xyz: want a hexadecimal mask such as 1 or f, of lcores 0 to 127",
			"config.ini:3: [dpdk] nb_procs=0: want a number from 1 to 128",
			"config.ini:4: [dpdk] proc_lcore=0,0: want a list such as 0,2-4 of different numbers from 0 to 127"}},
		{"nor what a mistake of another key brings about", withDPDK("max_procs=0", "nb_procs=17", "nb_mbufs=5", "max_mbufs=20000"), []string{
			"config.ini:2: [dpdk] max_procs=0: want a number from 1 to 128",
			"config.ini:4: [dpdk] nb_mbufs=5: want a number from 1024 to 4194304"}},
		{"nor sections that a faulty list lacks", "[dpdk]\nport_list=x\n", []string{
			"config.ini:2: [dpdk] port_list=x: want a list such as 0,2-4 of different numbers from 0 to 31"}},
		{"max_mbufs", withDPDK("max_mbufs=16385"), []string{
			"config.ini:2: [dpdk] max_mbufs=16385: more than nb_mbufs=16384"}},

		{"nb_vdev too small", withDPDK("nb_vdev=0"), []string{
			"config.ini:2: [dpdk] nb_vdev=0: there are 1 [vdevN] sections"}},
		{"nb_vdev too large", withDPDK("nb_vdev=2"), []string{
			"config.ini:2: [dpdk] nb_vdev=2: there are 1 [vdevN] sections"}},
		{"gap between vdevs", least + "[vdev2]\nargs=net_null1\n", []string{
			"config.ini:7: [vdev2]: numbers start at [vdev0] and leave none out"}},
		{"vdev without device", least + "[vdev1]\n", []string{
			"config.ini:7: [vdev1]: needs args, or path for a virtio-user device"}},
		{"vdev with args and virtio-user keys", least + "[vdev1]\nargs=net_null1\npath=/x\nqueues=1\n", []string{
			"config.ini:9: [vdev1] path=/x: not together with args; write it into args",
			"config.ini:10: [vdev1] queues=1: not together with args; write it into args"}},
		{"same device twice", least + "[vdev1]\nargs=net_null0,copy=1\n", []string{
			"config.ini:7: [vdev1]: device net_null0 is in [vdev0] already; give it another number"}},
		{"queues without control queue", least + "[vdev1]\npath=/x\nqueues=2\ncq=0\n", []string{
			"config.ini:10: [vdev1] cq=0: several queues need the control queue"}},

		{"same interface twice", least + "[vdev1]\nargs=net_tap0,iface=a\n[vdev2]\nargs=net_af_packet0,iface=a\n", []string{
			"config.ini:9: [vdev2]: interface a is in [vdev1] already"}},

		{"proc without anything", least + "[proc.a]\n", []string{
			"config.ini:7: [proc.a]: needs command: the program to run",
			"config.ini:7: [proc.a]: needs user: the user that it runs as, such as nobody"}},
		{"the primary's name", least + "[proc.primary]\ncommand=/x\nuser=x\n", []string{
			"config.ini:7: [proc.primary]: that is the primary's own name: choose another"}},
		{"too many processes", least + "[proc.a]\ncommand=/x\nuser=x\ncount=9\n[proc.b]\ncommand=/x\nuser=x\ncount=9\n[proc.c]\ncommand=/x\nuser=x\n", []string{
			"config.ini:11: [proc.b]: makes it 18 processes, more than max_procs=16"}},
		{"lcores for others", least + "[proc.a]\ncommand=/x\nuser=x\ncount=3\nlcores=1,2\n", []string{
			"config.ini:11: [proc.a] lcores=1,2: names 2 for count=3 processes: give one to each, or none"}},
		{"the busy primary's lcore", withDPDK("poll_mode=busy", "lcore_mask=4") + "[proc.a]\ncommand=/x\nuser=x\nlcores=1,2\n", []string{
			"config.ini:12: [proc.a] lcores=1,2: lcore 2 is the primary's, which with poll_mode=busy never leaves it"}},
		{"proc ids of others", least + "[proc.a]\ncommand=/x\nuser=x\ncount=3\nproc_id=0\n[proc.b]\ncommand=/x\nuser=x\nproc_id=2\n[proc.c]\ncommand=/x\nuser=x\nproc_id=15\ncount=2\n", []string{
			"config.ini:15: [proc.b] proc_id=2: proc id 2 is in [proc.a] already",
			"config.ini:19: [proc.c] proc_id=15: the last of count=2 processes has 16, not below max_procs=16"}},

		{"no port section", "[vdev0]\nargs=net_null0\n", []string{
			"config.ini: [dpdk] port_list=0: there is no [port0] section"}},
		{"no section of a listed port", withDPDK("port_list=0-2"), []string{
			"config.ini:2: [dpdk] port_list=0,1,2: there is no [port1] section",
			"config.ini:2: [dpdk] port_list=0,1,2: there is no [port2] section"}},
		{"addr alone", "[vdev0]\nargs=net_null0\n[port0]\naddr=10.0.0.2\n", []string{
			"config.ini:4: [port0] addr=10.0.0.2: needs netmask"}},
		{"everything but addr", twoPorts("netmask=255.0.0.0", "broadcast=10.255.255.255", "gateway=10.0.0.1", "gateway6=fe80::1"), []string{
			"config.ini:9: [port1] netmask=255.0.0.0: needs addr",
			"config.ini:10: [port1] broadcast=10.255.255.255: needs addr",
			"config.ini:11: [port1] gateway=10.0.0.1: needs addr",
			"config.ini:12: [port1] gateway6=fe80::1: needs addr6"}},
		{"the network's address", twoPorts("addr=10.1.0.0", "netmask=255.255.255.0"), []string{
			"config.ini:9: [port1] addr=10.1.0.0: is the network's own address in 10.1.0.0/24"}},
		{"the broadcast address", twoPorts("addr=10.1.0.255", "netmask=255.255.255.0"), []string{
			"config.ini:9: [port1] addr=10.1.0.255: is the broadcast address of 10.1.0.0/24"}},
		{"own gateway", withPort("gateway=10.0.0.2"), []string{
			"config.ini:7: [port0] gateway=10.0.0.2: is this port's own address"}},
		{"same address on two ports", twoPorts("addr=10.0.0.2", "netmask=255.255.255.0"), []string{
			"config.ini:9: [port1] addr=10.0.0.2: 10.0.0.2 is also [port0] addr"}},
		{"virtual address of another port", withDPDK("port_list=0,1") + "addr6=fd00::1\nvip_addr6=fd00::2\n[port1]\naddr6=fd00::2\n[vdev1]\nargs=net_null1\n", []string{
			"config.ini:11: [port1] addr6=fd00::2: fd00::2 is also [port0] vip_addr6"}},
		{"port without a device", withDPDK("port_list=0,1") + "[port1]\naddr6=fd00::2\n", []string{
			"config.ini:2: [dpdk] port_list=0,1: there is no port 1: the [vdevN] sections give 1, counted from 0"}},
		{"virtual address is the address", withPort("vip_addr=10.0.0.3;10.0.0.2"), []string{
			"config.ini:7: [port0] vip_addr=10.0.0.3;10.0.0.2: 10.0.0.2 is also [port0] addr"}},
		{"MTU below IPv6's", withPort("mtu=1279", "addr6=fd00::1"), []string{
			"config.ini:7: [port0] mtu=1279: IPv6 (addr6) needs at least 1280"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := parse("config.ini", []byte(test.text))
			wantLines(t, "mistakes", errorLines(err), test.want)
		})
	}
}

func TestLcores(t *testing.T) {
	for _, test := range []struct {
		lines   []string
		primary int
		procs   []int
	}{
		{nil, 0, nil},
		{[]string{"lcore_mask=1", "nb_procs=2"}, 0, nil},
		{[]string{"lcore_mask=0xF0", "nb_procs=3", "proc_id=2"}, 4, []int{5, 6, 7}},
		{[]string{"lcore_mask=4", "proc_lcore=1,0"}, 2, []int{1, 0}},
		{[]string{"lcore_mask=e", "proc_lcore=3,2"}, 1, []int{3, 2}},
		{[]string{"proc_lcore=1-3,7", "nb_procs=4"}, 0, []int{1, 2, 3, 7}},
	} {
		c, _ := mustParse(t, withDPDK(test.lines...))
		if c.PrimaryLcore != test.primary || !slices.Equal(c.ProcLcores, test.procs) {
			t.Errorf("%v: primary %d, secondaries %v, want %d, %v",
				test.lines, c.PrimaryLcore, c.ProcLcores, test.primary, test.procs)
		}
	}
}

func TestDerived(t *testing.T) {
	c, _ := mustParse(t, withDPDK("port_list=1,0", "file_prefix=web", "nb_mbufs=10000")+
		"[port5]\n[port1]\naddr6=fd00::1\nprefix_len=48\n[vdev1]\nargs=net_null1\n")
	d := c.DPDK
	if d.MaxMbufs != 2500 || d.IdleSleep != 4000 || d.NbVdev != 2 || d.ControlSocket != "/run/ringstack/web/control.sock" {
		t.Errorf("max_mbufs %d, idle_sleep %d, nb_vdev %d, control_socket %s", d.MaxMbufs, d.IdleSleep, d.NbVdev, d.ControlSocket)
	}
	if len(c.Ports) != 2 || c.Ports[0].ID != 0 || c.Ports[1].ID != 1 {
		t.Fatalf("ports %+v, want port 0 and 1", c.Ports)
	}
	first, second := &c.Ports[0], &c.Ports[1]
	if got := fmt.Sprint(first.Prefix(), first.Broadcast, second.Prefix6()); got != "10.0.0.2/24 10.0.0.255 fd00::1/48" {
		t.Errorf("addresses %s", got)
	}
	if second.Prefix().IsValid() || first.Prefix6().IsValid() {
		t.Error("an address that is not given has a prefix")
	}

	c, _ = mustParse(t, withDPDK("poll_mode=busy"))
	if c.DPDK.IdleSleep != 0 {
		t.Errorf("busy polling sleeps %d us", c.DPDK.IdleSleep)
	}
}

func TestLimits(t *testing.T) {
	var vdevs, sysctls, vips strings.Builder
	for i := range MaxVdevs + 1 {
		fmt.Fprintf(&vdevs, "[vdev%d]\nargs=net_null%d\n", i, i)
		fmt.Fprintf(&vips, ";10.0.0.%d", i+3)
	}
	for i := range MaxSysctls + 1 {
		fmt.Fprintf(&sysctls, "a.b%d=1\n", i)
	}
	ports := "[port0]\naddr=10.0.0.2\nnetmask=255.255.255.0\n"
	addrs := strings.TrimPrefix(vips.String(), ";")
	for _, test := range []struct {
		name string
		text string
		want string
	}{
		{"vdevs", ports + vdevs.String(), "config.ini:132: [vdev64]: unknown section; it has a number from 0 to 63"},
		{"sysctls", least + "[freebsd.sysctl]\n" + sysctls.String(),
			"config.ini:1032: [freebsd.sysctl] a.b1024=1: want a value; at most 1024 names"},
		{"virtual addresses", withPort("vip_addr=" + addrs), "config.ini:7: [port0] vip_addr=" + addrs[:longestShown] +
			"...: want up to 64 different addresses separated by semicolons, each " + wantAddr4},
	} {
		_, _, err := parse("config.ini", []byte(test.text))
		wantLines(t, test.name, errorLines(err), []string{test.want})
	}
	c, _ := mustParse(t, withPort("vip_addr="+addrs[:strings.LastIndex(addrs, ";")]))
	if n := len(c.Ports[0].VIPs); n != MaxVIPs {
		t.Errorf("%d virtual addresses, want %d", n, MaxVIPs)
	}
}
