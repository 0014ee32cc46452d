package primary

import (
	"slices"
	"testing"

	"ringstack/internal/config"
)

func TestClaims(t *testing.T) {
	c := &config.Config{
		DPDK: config.DPDK{
			PollMode: config.PollBusy,
			Allow:    []string{"2:0.1", "0000:02:00.1,a=b", "AB:1f.7", "00010000:03:00.0"},
		},
		PrimaryLcore: 3, ProcLcores: []int{1, 5},
		Vdevs: []config.Vdev{
			{Args: "net_af_packet0,iface=eth1,framesz=2048"},
			{Args: "net_null0,copy=1"},
			{Args: "net_tap0,iface=dtap0"},
		},
	}
	var got []string
	for _, claim := range append(deviceClaims(c, 7), lcoreClaims(c)...) {
		got = append(got, claim.lock)
	}
	want := []string{
		"netdev-7-eth1", "netdev-7-dtap0",
		"pci-0000:02:00.1", "pci-0000:02:00.1", "pci-0000:ab:1f.7", "pci-10000:03:00.0",
		"lcore-3", "lcore-1", "lcore-5",
	}
	if !slices.Equal(got, want) {
		t.Errorf("claims %q, want %q", got, want)
	}
	c.DPDK.PollMode = config.PollAdaptive
	if shared := lcoreClaims(c); shared != nil {
		t.Errorf("a primary that sleeps claims %v", shared)
	}
}
