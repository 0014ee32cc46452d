package primary

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"ringstack/internal/config"
	"ringstack/internal/lock"
	"ringstack/msg"
)

// A claim is something that one primary of the machine has at a time.
type claim struct {
	lock    string // the name of its lock
	what    string
	instead string // what to do where another has it
}

// takeLocks claims the devices, since DPDK lets several primaries open one and each then misses
// packets; and the lcores of a primary that never leaves them.
func (p *Primary) takeLocks() error {
	return p.claimEach(func(l *lock.Lock, err error) error {
		if err == nil {
			p.later(l.Release)
		}
		return err
	})
}

// checkLocks refuses what another primary has than the one to take over from.
func (p *Primary) checkLocks() error {
	return p.claimEach(func(l *lock.Lock, err error) error {
		var held *lock.HeldError
		switch {
		case err == nil:
			l.Release()
		case errors.As(err, &held) && held.Holder.FilePrefix == p.cfg.DPDK.FilePrefix:
			return nil
		}
		return err
	})
}

// claimEach tries to take one lock after the other, and hands each to got, until that returns an error.
func (p *Primary) claimEach(got func(*lock.Lock, error) error) error {
	namespace, err := netNamespace()
	if err != nil {
		return err
	}
	for _, c := range append(deviceClaims(p.cfg.Config, namespace), lcoreClaims(p.cfg.Config)...) {
		l, err := lock.Take(filepath.Join(msg.RunDir, "lock"), c.lock, lock.Self(p.cfg.DPDK.FilePrefix))
		if errors.As(err, new(*lock.HeldError)) {
			err = fmt.Errorf("%s is %w: stop that, or %s", c.what, err, c.instead)
		}
		if err := got(l, err); err != nil {
			return err
		}
	}
	return nil
}

// deviceClaims claims kernel interfaces by name, also those that a driver is still to make, and PCI
// devices. An interface's name counts in its network namespace.
func deviceClaims(c *config.Config, namespace uint64) (claims []claim) {
	for i := range c.Vdevs {
		for _, name := range c.Vdevs[i].Interfaces() {
			claims = append(claims, claim{
				lock:    fmt.Sprintf("netdev-%d-%s", namespace, name),
				what:    fmt.Sprintf("[vdev%d] interface %s", i, name),
				instead: "name another interface",
			})
		}
	}
	for _, device := range c.DPDK.Allow {
		address := pciAddress(device)
		claims = append(claims, claim{
			lock: "pci-" + address, what: "allow: device " + address, instead: "name another device",
		})
	}
	return claims
}

// lcoreClaims claims the lcores of a primary that spins, and of its secondaries, which do so, too.
func lcoreClaims(c *config.Config) (claims []claim) {
	if c.DPDK.PollMode != config.PollBusy {
		return nil
	}
	for _, lcore := range slices.Concat([]int{c.PrimaryLcore}, c.ProcLcores) {
		claims = append(claims, claim{
			lock:    "lcore-" + strconv.Itoa(lcore),
			what:    fmt.Sprintf("poll_mode=busy needs lcore %d alone, which", lcore),
			instead: "name other lcores",
		})
	}
	return claims
}

// pciAddress returns the one way to write the address at the start of a device of allow=, which may
// come without its domain and leading zeros: 0000:02:00.0.
func pciAddress(device string) string {
	address, _, _ := strings.Cut(device, ",")
	if strings.Count(address, ":") == 1 {
		address = "0:" + address
	}
	var domain, bus, slot, function int
	if _, err := fmt.Sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &function); err != nil {
		return address // no address, which the configuration does not let pass
	}
	return fmt.Sprintf("%04x:%02x:%02x.%x", domain, bus, slot, function)
}

// netNamespace returns the number of the network namespace that this process is in.
func netNamespace() (uint64, error) {
	info, err := os.Stat("/proc/self/ns/net")
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Ino, nil
}
