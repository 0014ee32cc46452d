package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"ringstack/internal/testenv"
)

// TestOnePrimaryADevice starts a second primary, with another prefix, on what the first one has.
func TestOnePrimaryADevice(t *testing.T) {
	first := testenv.New(t, testenv.Config{Keys: []string{"poll_mode=busy"}})
	second := testenv.Network(t, testenv.Config{})
	holder := fmt.Sprintf("is held by ff-primary, pid %d, file_prefix=%s: stop that, or name ", first.Primary.Cmd.Process.Pid, first.Prefix)
	t.Run("interface", func(t *testing.T) {
		conf := variant(t, second, "iface="+second.Device, "iface="+first.Device)
		wantRefusal(t, testenv.Command{Args: []string{"--conf", conf}}, "[vdev0] interface "+first.Device+" "+holder+"another interface")
	})
	t.Run("lcore", func(t *testing.T) {
		conf := variant(t, second, "lcore_mask=1\n", "lcore_mask=1\npoll_mode=busy\n")
		wantRefusal(t, testenv.Command{Args: []string{"--conf", conf}}, "poll_mode=busy needs lcore 0 alone, which "+holder+"other lcores")
	})
	wantNothingLeft(t, second)
	first.Primary.Kill() // which frees what it had
	second.Change("iface="+second.Device, "iface="+first.Device)
	second.Change("lcore_mask=1\n", "lcore_mask=1\npoll_mode=busy\n")
	second.Start()
	if err := second.Primary.Stop(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir("/run/ringstack/lock")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range left {
		if strings.HasSuffix(file.Name(), "-"+first.Device) {
			t.Errorf("lock %s is left", file.Name())
		}
	}
}
