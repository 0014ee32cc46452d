package primary

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"ringstack/cgo"
)

// dpdkDir is where EAL keeps the files of each prefix.
const dpdkDir = "/var/run/dpdk"

func (p *Primary) startEAL() error {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return fmt.Errorf("read CPU affinity: %w", err)
	}
	for _, check := range []func() error{p.checkLcore, p.checkPrefix, p.checkRunSpace, p.checkMemory, p.checkInterfaces} {
		if err := check(); err != nil {
			return err
		}
	}
	if err := p.initEAL(); err != nil {
		return err
	}
	p.log.Info().Str("dpdk", cgo.Version()).Int("lcore", p.cfg.PrimaryLcore).Msg("EAL")
	if err := p.initPdump(); err != nil {
		return err
	}
	return keepOffLcore(p.cfg.PrimaryLcore, allowed)
}

// checkLcore refuses an lcore that the process may not use.
func (p *Primary) checkLcore() error {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return fmt.Errorf("read CPU affinity: %w", err)
	}
	if lcore := p.cfg.PrimaryLcore; !allowed.IsSet(lcore) {
		return fmt.Errorf("lcore_mask: lcore %d is no CPU that this process may use: name another (nproc and taskset show them)", lcore)
	}
	return nil
}

func (p *Primary) initEAL() error {
	if err := cgo.LogTo(p.logDPDK); err != nil {
		return err
	}
	os.Unsetenv("RUNTIME_DIRECTORY") // of systemd's: EAL would use it in place of dpdkDir
	if err := cgo.Init(p.cfg.EALArgs("ff-primary")); err != nil {
		p.warn(p.removeDPDKFiles())
		return fmt.Errorf("%w: DPDK said %q; check the devices, memory and extra_eal_args in config.ini", err, p.complaints())
	}
	p.later(func() {
		p.warn(cgo.Cleanup())
		p.warn(p.removeDPDKFiles())
	})
	return nil
}

// initPdump lets dpdk-dumpcap attach; without hugepages no DPDK process can.
func (p *Primary) initPdump() error {
	if p.cfg.DPDK.NoHuge {
		return nil
	}
	if err := cgo.InitPdump(); err != nil {
		return err
	}
	p.later(func() { p.warn(cgo.UninitPdump()) })
	return nil
}

// checkPrefix refuses a file prefix that another DPDK program uses: its EAL holds a lock.
func (p *Primary) checkPrefix() error {
	f, err := os.Open(filepath.Join(dpdkDir, p.cfg.DPDK.FilePrefix, "config"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock); err != nil {
		return fmt.Errorf("look for the lock of %s: %w", f.Name(), err)
	}
	if lock.Type != unix.F_UNLCK {
		return fmt.Errorf("a DPDK program with file_prefix=%s runs already, pid %d: stop it or choose another file_prefix", p.cfg.DPDK.FilePrefix, lock.Pid)
	}
	return nil
}
