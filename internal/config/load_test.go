package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLeastLoadsCleanly(t *testing.T) {
	_, warnings := mustParse(t, least)
	wantLines(t, "warnings", warningLines(warnings), nil)
}

// Every row of mistakes is the whole of what is reported for its text.
func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		name string
		text string
		want []string
	}{
		{"flag", withDPDK("promiscuous=7"), []string{
			"config.ini:2: [dpdk] promiscuous=7: want 0 or 1"}},
		{"empty value", withDPDK("channel="), []string{
			"config.ini:2: [dpdk] channel=: want a number from 1 to 32"}},
		{"all mistakes, in order", withDPDK("channel=0", "", "tso=yes", "poll_mode=lazy", "ring_size=1000"), []string{
			"config.ini:2: [dpdk] channel=0: want a number from 1 to 32",
			"config.ini:4: [dpdk] tso=yes: want 0 or 1",
			"config.ini:5: [dpdk] poll_mode=lazy: want adaptive or busy",
			"config.ini:6: [dpdk] ring_size=1000: want a power of two from 64 to 32768"}},
		{"misspelt key", withDPDK("promiscuos=1"), []string{
			"config.ini:2: [dpdk] promiscuos=1: unknown key; did you mean promiscuous?"}},
		{"key of another section", withPort("channel=4"), []string{
			"config.ini:7: [port0] channel=4: unknown key; it belongs in [dpdk]"}},
		{"port's key in dpdk", withDPDK("netmask=255.0.0.0"), []string{
			"config.ini:2: [dpdk] netmask=255.0.0.0: unknown key; it belongs in [port0]"}},
		{"strange key", withDPDK("colour=red"), []string{
			"config.ini:2: [dpdk] colour=red: unknown key"}},
		{"key too long for a hint", withDPDK(strings.Repeat("k", 65) + "=1"), []string{
			"config.ini:2: [dpdk] " + strings.Repeat("k", 65) + "=1: unknown key"}},
		{"upper case key", withDPDK("CHANNEL=4"), []string{
			"config.ini:2: [dpdk] CHANNEL=4: unknown key; did you mean channel?"}},
		{"misspelt section, its keys are not reported", least + "[dpkd]\nchanel=4\n", []string{
			"config.ini:7: [dpkd]: unknown section; did you mean [dpdk]?"}},
		{"section without number", least + "[port]\n", []string{
			"config.ini:7: [port]: unknown section; did you mean [port0]?"}},
		{"misspelt numbered section", least + "[prot3]\n", []string{
			"config.ini:7: [prot3]: unknown section; did you mean [port3]?"}},
		{"section number too large", least + "[port32]\n", []string{
			"config.ini:7: [port32]: unknown section; it has a number from 0 to 31"}},
		{"misspelt named section", least + "[prok.web]\n", []string{
			"config.ini:7: [prok.web]: unknown section; did you mean [proc.web]?"}},
		{"named section without name", least + "[proc]\n[proc0]\n[proc.]\n[proc.a.b]\n[proc.a b]\n[proc." + strings.Repeat("x", 33) + "]\n", []string{
			"config.ini:7: [proc]: unknown section; write [proc.NAME], where NAME has up to 32 letters, digits, _ and -",
			"config.ini:8: [proc0]: unknown section; write [proc.NAME], where NAME has up to 32 letters, digits, _ and -",
			"config.ini:9: [proc.]: unknown section; write [proc.NAME], where NAME has up to 32 letters, digits, _ and -",
			"config.ini:10: [proc.a.b]: unknown section; write [proc.NAME], where NAME has up to 32 letters, digits, _ and -",
			"config.ini:11: [proc.a b]: unknown section; write [proc.NAME], where NAME has up to 32 letters, digits, _ and -",
			"config.ini:12: [proc." + strings.Repeat("x", 33) + "]: unknown section; write [proc.NAME], where NAME has up to 32 letters, digits, _ and -"}},
		{"keys of a named section", least + "[proc.web]\ncommand=bin/httpd\nuser=a:b\ncount=0\nlcores=x\nenv=A\ncomand=/x\nstop_timeout=0\n", []string{
			"config.ini:8: [proc.web] command=bin/httpd: want the absolute path of a program and its arguments, separated by blanks",
			"config.ini:9: [proc.web] user=a:b: want the name of a user or its number",
			"config.ini:10: [proc.web] count=0: want a number from 1 to 128",
			"config.ini:11: [proc.web] lcores=x: want a list such as 0,2-4 of different numbers from 0 to 127",
			"config.ini:12: [proc.web] env=A: want different variables such as GOMAXPROCS=2,GOGC=200, none of them of the supervisor's own (FF_SOCKET, FF_GROUP, FF_PROC)",
			"config.ini:13: [proc.web] comand=/x: unknown key; did you mean command?",
			"config.ini:14: [proc.web] stop_timeout=0: want a number from 1 to 3600"}},
		{"key of a named section", withDPDK("stop_timeout=1"), []string{
			"config.ini:2: [dpdk] stop_timeout=1: unknown key; it belongs in [proc.NAME]"}},
		{"named section twice, its keys once", least + "[proc.a]\ncommand=/x\n[port0]\n[proc.a]\nuser=x\ncommand=/y\n", []string{
			"config.ini:12: [proc.a] command=/y: set before, in line 8"}},
		{"section number with zeros", least + "[port00]\n", []string{
			"config.ini:7: [port00]: unknown section; it has a number from 0 to 31"}},
		{"strange section", least + "[weather]\n", []string{
			"config.ini:7: [weather]: unknown section"}},
		{"ini.v1's default section", least + "[DEFAULT]\n", []string{
			"config.ini:7: [DEFAULT]: unknown section"}},
		{"duplicate key", withDPDK("channel=4", "channel=4"), []string{
			"config.ini:3: [dpdk] channel=4: set before, in line 2"}},
		{"duplicate key in a section that is opened twice", withDPDK("channel=4") + "[dpdk]\nchannel=2\n", []string{
			"config.ini:9: [dpdk] channel=2: set before, in line 2"}},
		{"duplicate sysctl", least + "[freebsd.sysctl]\nnet.inet.ip.ttl=64\nnet.inet.ip.ttl=65\n", []string{
			"config.ini:9: [freebsd.sysctl] net.inet.ip.ttl=65: set before, in line 8"}},
		{"no name of a sysctl", least + "[freebsd.sysctl]\nttl=64\n", []string{
			"config.ini:8: [freebsd.sysctl] ttl=64: unknown key"}},
		{"key before the first section", "channel=4\n" + least, []string{
			"config.ini:1: channel=4: comes before the first [section]"}},
		{"neither key nor section", withDPDK("promiscuous"), []string{
			"config.ini:2: promiscuous: want [section] or key=value"}},
		{"no key", withDPDK("=4"), []string{
			"config.ini:2: =4: want [section] or key=value"}},
		{"open section", "[dpdk\n" + least, []string{
			"config.ini:1: [dpdk: want [section] alone in its line"}},
		{"something after the section", "[dpdk] channel=4\n" + least, []string{
			"config.ini:1: [dpdk] channel=4: want [section] alone in its line"}},
		{"section without name", "[]\n" + least, []string{
			"config.ini:1: []: want [section] or key=value"}},
		{"quotes", withDPDK(`file_prefix="a"`), []string{
			`config.ini:2: file_prefix="a": quotes are not used here; write the value without them`}},
		{"long value is cut", withDPDK("file_prefix=" + strings.Repeat("x", 100)), []string{
			"config.ini:2: [dpdk] file_prefix=" + strings.Repeat("x", 80) +
				"...: want a name of up to 64 letters, digits, _ . and -, starting with none of . and -"}},
		{"bond", least + "[bond0]\nmode=4\n", []string{
			"config.ini:7: [bond0]: bonding is not supported yet"}},
		{"number of bonds", withDPDK("nb_bond=1"), []string{
			"config.ini:2: [dpdk] nb_bond=1: want 0; bonding is not supported yet"}},
		{"an ignored key is checked, too", least + "[kni]\nenable=0\nmethod=keep\n[vlan1]\naddr=10.0.0\n", []string{
			"config.ini:9: [kni] method=keep: want accept or reject",
			"config.ini:11: [vlan1] addr=10.0.0: want an IPv4 unicast address such as 192.168.100.2"}},
		{"empty", "", []string{"config.ini: no settings in it"}},
		{"only comments", "# a\n\n  ; b\n", []string{"config.ini: no settings in it"}},
		{"NUL", "[dpdk]\nchan\x00nel=4\n", []string{"config.ini:2: not a text file"}},
		{"ELF", "\x7fELF\x02\x01\x01\x00\x00\x00\xff\n[dpdk]\n", []string{"config.ini:1: not a text file"}},
		{"UTF-16", "\xff\xfe[\x00d\x00", []string{"config.ini:1: not a text file"}},
		{"carriage returns alone", "[dpdk]\rchannel=4\r", []string{"config.ini:1: not a text file"}},
		{"long line", withDPDK("allow=" + strings.Repeat("x", maxLine)), []string{"config.ini:2: line too long"}},
		{"too many lines", strings.Repeat("\n", maxLines) + least, []string{"config.ini:8193: too many lines"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, _, err := parse("config.ini", []byte(test.text))
			wantLines(t, "mistakes", errorLines(err), test.want)
			if c != nil {
				t.Error("a Config came with the error")
			}
		})
	}
}

func TestMistakeIsFoundWithErrorsAs(t *testing.T) {
	_, _, err := parse("config.ini", []byte(withDPDK("promiscuous=7")))
	var got Mistake
	if !errors.As(err, &got) {
		t.Fatalf("no Mistake in %v", err)
	}
	want := Mistake{File: "config.ini", Line: 2, Section: "dpdk", Key: "promiscuous", Value: "7", Want: "0 or 1"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestFormOfLines(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll("  [dpdk]   # one\n\tchannel = 3 # two\n nb_rxd:64\t; three\n", "\n", "\r\n") +
		"[vdev0]\nargs=net_null0\n[dpdk]\nnb_txd=64\n[port0]\naddr=10.0.0.2\nnetmask=255.0.0.0\nvip_addr=10.0.0.3;10.0.0.4"
	c, _ := mustParse(t, text)
	if d := c.DPDK; d.Channel != 3 || d.NbRxd != 64 || d.NbTxd != 64 {
		t.Errorf("channel %d, nb_rxd %d, nb_txd %d, want 3, 64, 64", d.Channel, d.NbRxd, d.NbTxd)
	}
	if n := len(c.Ports[0].VIPs); n != 2 {
		t.Errorf("%d virtual addresses, want 2", n)
	}
}

func TestWarnings(t *testing.T) {
	for _, test := range []struct {
		name string
		text string
		want []string
	}{
		{"tso", withDPDK("tso=1"), []string{"config.ini:2: [dpdk] tso=1: not supported yet, ignored"}},
		{"default values", withDPDK("tso=0", "pkt_tx_delay=100", "vlan_filter=", "nb_bond=0", "fstack_log_level=0"), nil},
		{"pkt_tx_delay off", withDPDK("pkt_tx_delay=0"), nil},
		{"disabled sections", least + "[pcap]\nenable=0\nsnaplen=96\n[rss_check]\nenable=0\nrss_tbl=0 1.1.1.1 2.2.2.2 80\n", nil},
		{"a section as a whole", least + "[vlan7]\nportid=0\naddr=10.7.0.2\n", []string{
			"config.ini:7: [vlan7]: not supported yet, ignored"}},
		{"boot", least + "[freebsd.boot]\nhz=100\nhz2=1\n", []string{
			"config.ini:9: [freebsd.boot] hz2=1: not supported yet, ignored"}},
		{"port that is not listed", least + "[port3]\nmtu=9000\n", []string{"config.ini:7: [port3]: not in port_list, ignored"}},
		{"gateway elsewhere", withPort("gateway=10.0.1.1"), []string{
			"config.ini:7: [port0] gateway=10.0.1.1: not in the port's network 10.0.0.0/24"}},
		{"gateway6 elsewhere", withPort("addr6=fd00::2", "gateway6=fd01::1"), []string{
			"config.ini:8: [port0] gateway6=fd01::1: not in the port's network fd00::/64"}},
		{"gateway6 on the link", withPort("addr6=fd00::2", "gateway6=fe80::1"), nil},
		{"broadcast", withPort("broadcast=10.0.255.255"), []string{
			"config.ini:7: [port0] broadcast=10.0.255.255: not the broadcast address of 10.0.0.0/24, which is 10.0.0.255"}},
		{"limited broadcast", withPort("broadcast=255.255.255.255"), nil},
		{"no address", "[port0]\n[vdev0]\nargs=net_null0\n", []string{
			"config.ini:1: [port0]: neither addr nor addr6: this port has no address"}},
		{"no device", "[port0]\naddr=10.0.0.2\nnetmask=255.0.0.0\n", []string{
			"config.ini: [dpdk]: no device to open: neither allow= nor a [vdevN] section names one"}},
		{"little memory", withDPDK("memory=64"), []string{
			"config.ini:2: [dpdk] memory=64: may be too little: nb_mbufs=16384 needs about 256"}},
		{"few mbufs", withDPDK("nb_mbufs=1024"), []string{
			"config.ini:2: [dpdk] nb_mbufs=1024: the ports' descriptors can hold all of them; want more than 1024"}},
		{"busy sleep", withDPDK("poll_mode=busy", "idle_sleep=20"), []string{
			"config.ini:3: [dpdk] idle_sleep=20: no effect with poll_mode=busy"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, warnings := mustParse(t, test.text)
			wantLines(t, "warnings", warningLines(warnings), test.want)
		})
	}
}

func TestLoadReadsFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.ini")
	if err := os.WriteFile(path, []byte(withDPDK("promiscuous=7")), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := Load(path)
	wantLines(t, "mistakes", errorLines(err), []string{path + ":2: [dpdk] promiscuous=7: want 0 or 1"})

	if _, _, err := Load(filepath.Join(dir, "none.ini")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v, want fs.ErrNotExist", err)
	}
	if _, _, err := Load(dir); err == nil {
		t.Error("a directory loads")
	}
	if err := os.WriteFile(path, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err = Load(path)
	wantLines(t, "error", errorLines(err), []string{
		fmt.Sprintf("load config: %s is larger than 1048576 bytes", path)})
}

func TestFStackFileLoads(t *testing.T) {
	c, warnings, err := Load("testdata/fstack.ini")
	if err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "fstack.warnings", strings.Join(warningLines(warnings), "\n")+"\n")
	wantGolden(t, "fstack.effective.ini", printed(t, c))
	wantLines(t, "EAL arguments", c.EALArgs("f-stack"), []string{
		"f-stack", "-l", "0", "-n", "2", "--proc-type=primary", "--file-prefix=web",
		"--single-file-segments", "--socket-mem=512", "--base-virtaddr=0x7f0000000000",
		"-a", "02:00.0,rx_vec=1", "-a", "03:00.0",
		"--vdev=net_virtio_user0,path=/run/openvswitch/vhost-user0,queues=2,cq=1,queue_size=256,mac=00:00:00:00:00:01",
		"--log-level=8"})
}
