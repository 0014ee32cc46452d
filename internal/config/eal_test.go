package config

import (
	"slices"
	"testing"
)

func TestEALArgs(t *testing.T) {
	always := []string{"ff-primary", "-l", "0", "--proc-type=primary", "--file-prefix=ringstack"}
	null := []string{"--no-pci", "--vdev=net_null0"}
	for _, test := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"hugepages", nil, slices.Concat(always, []string{"--single-file-segments"}, null)},
		{"memory", []string{"memory=1024"}, slices.Concat(always, []string{"--single-file-segments", "--socket-mem=1024"}, null)},
		{"no hugepages", []string{"no_huge=1"}, slices.Concat(always, []string{"--no-huge", "--iova-mode=va", "-m", "256"}, null)},
		{"no hugepages, large pool", []string{"no_huge=1", "nb_mbufs=1048576"}, slices.Concat(always, []string{"--no-huge", "--iova-mode=va", "-m", "2688"}, null)},
		{"no hugepages, memory", []string{"no_huge=1", "memory=300"}, slices.Concat(always, []string{"--no-huge", "--iova-mode=va", "-m", "300"}, null)},
		{"PCI and vdev", []string{"allow=02:00.0,a=b,03:00.0"}, slices.Concat(always,
			[]string{"--single-file-segments", "-a", "02:00.0,a=b", "-a", "03:00.0", "--vdev=net_null0"})},
		{"the rest", []string{"lcore_mask=10", "channel=2", "file_prefix=x", "base_virtaddr=0x7f0000000000", "log_level=8", "extra_eal_args=-d a.so"},
			[]string{"ff-primary", "-l", "4", "-n", "2", "--proc-type=primary", "--file-prefix=x", "--single-file-segments",
				"--base-virtaddr=0x7f0000000000", "--no-pci", "--vdev=net_null0", "--log-level=8", "-d", "a.so"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, _ := mustParse(t, withDPDK(test.lines...))
			wantLines(t, "arguments", c.EALArgs("ff-primary"), test.want)
		})
	}
}

func TestEALArgsWithNoHugeForced(t *testing.T) {
	c, _ := mustParse(t, least)
	c.DPDK.NoHuge = true
	wantLines(t, "arguments", c.EALArgs("p"), []string{"p", "-l", "0", "--proc-type=primary", "--file-prefix=ringstack",
		"--no-huge", "--iova-mode=va", "-m", "256", "--no-pci", "--vdev=net_null0"})
}

func TestVirtioUser(t *testing.T) {
	for text, want := range map[string]string{
		"path=/x":                        "net_virtio_user1,path=/x",
		"path=/x\nqueues=1":              "net_virtio_user1,path=/x,queues=1",
		"path=/x\nqueues=4":              "net_virtio_user1,path=/x,queues=4,cq=1",
		"path=/x\nqueues=1\ncq=1":        "net_virtio_user1,path=/x,queues=1,cq=1",
		"path=/x\ncq=0":                  "net_virtio_user1,path=/x",
		"path=/x\nqueue_size=512":        "net_virtio_user1,path=/x,queue_size=512",
		"path=/x\nmac=02:00:00:00:00:01": "net_virtio_user1,path=/x,mac=02:00:00:00:00:01",
	} {
		c, _ := mustParse(t, least+"[vdev1]\n"+text+"\n")
		if got := c.Vdevs[1].EALArg(); got != want {
			t.Errorf("%q makes %s, want %s", text, got, want)
		}
	}
}
