package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func printed(t *testing.T, c *Config) string {
	t.Helper()
	var b strings.Builder
	if err := c.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wantRoundTrip checks that what c prints loads again to the same.
func wantRoundTrip(t *testing.T, c *Config) {
	t.Helper()
	text := printed(t, c)
	again, _, err := parse("printed.ini", []byte(text))
	if err != nil {
		t.Fatalf("printed text does not load: %v\n%s", err, text)
	}
	if !reflect.DeepEqual(c, again) {
		t.Fatalf("printed text loads as\n%+v\nwant\n%+v\nfrom\n%s", again, c, text)
	}
}

func TestPrintRoundTrip(t *testing.T) {
	for name, text := range map[string]string{
		"least": least,
		"every key of dpdk": withDPDK("lcore_mask=8000000000000000000000000000000f", "proc_lcore=2,1,3,127", "nb_procs=4",
			"proc_id=3", "max_procs=5", "memory=512", "no_huge=1", "base_virtaddr=7f0000000000", "file_prefix=a.b-c_d",
			"allow=0000:02:00.0,a=1,b=2,03:00.1", "extra_eal_args=-d  /usr/lib/x.so --log-level=pmd:8", "log_level=1",
			"numa_on=0", "promiscuous=0", "vlan_strip=1", "symmetric_rss=1", "nb_rxd=64", "nb_txd=8192", "nb_mbufs=20000",
			"max_mbufs=20000", "ring_size=64", "dispatch=modulo", "poll_mode=busy", "control_socket=/tmp/a b.sock",
			"socket_group=100", "socket_mode=7"),
		"every key of a port": withDPDK("port_list=1,0") + "if_name=eth0\nmtu=9000\nbroadcast=255.255.255.255\ngateway=10.0.0.1\n" +
			"addr6=fd00::2\nprefix_len=127\ngateway6=fe80::1\nvip_addr=10.0.0.9;10.0.0.8\nvip_addr6=fd00::9\nvip_prefix_len=128\n" +
			"[port1]\naddr=10.1.0.0\nnetmask=255.255.255.254\n[vdev1]\nargs=net_null1\n",
		"virtio-user": least + "[vdev1]\npath=/run/x\nqueues=1\nqueue_size=512\nmac=0a:00:00:00:00:01\ncq=0\n",
		"procs": least + "[proc.web]\ncommand=/usr/bin/web  -l :80\ncount=2\nuser=nobody\ngroup=w.1\nproc_id=0\nlcores=3,1\n" +
			"env=A=,B=x=y z\nstop_timeout=60\n[proc.a]\nuser=0\ncommand=/x\n",
		"sysctls": least + "[freebsd.sysctl]\nz.z=#1\na.b = two words;more\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := mustParse(t, text)
			wantRoundTrip(t, c)
		})
	}
}

// failAfter is a full disk.
type failAfter int

var errFull = errors.New("disk full")

func (n *failAfter) Write(p []byte) (int, error) {
	if *n--; *n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestPrintReportsItsWriter(t *testing.T) {
	c, _ := mustParse(t, least)
	for n := range 3 {
		w := failAfter(n)
		if err := c.Print(&w); !errors.Is(err, errFull) {
			t.Errorf("after %d writes: %v, want %v", n, err, errFull)
		}
	}
}
