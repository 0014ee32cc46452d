package primary

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// What EAL's files take, in bytes: 1.8 MB were seen with hugepages on one NUMA node; without them there is a record for each page.
const (
	runSpace   = 4 << 20
	pageRecord = 48
)

// checkRunSpace makes sure that EAL's files find room. EAL maps them, and a page of a mapping for which there is none kills the process
// (SIGBUS). Files of a primary that was killed have their room.
func (p *Primary) checkRunSpace() error {
	dir := filepath.Join(dpdkDir, p.cfg.DPDK.FilePrefix)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = p.probe(dir)
		os.Remove(dir) // EAL makes it again
	}
	if err != nil {
		return fmt.Errorf("%w: DPDK keeps %d KB of files there", err, p.runSpace()>>10)
	}
	return nil
}

func (p *Primary) probe(dir string) error {
	f, err := os.CreateTemp(dir, "probe")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	err = unix.Fallocate(int(f.Fd()), 0, 0, p.runSpace())
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		return &os.PathError{Op: "write", Path: dir, Err: err}
	}
	return nil
}

func (p *Primary) runSpace() int64 {
	if !p.cfg.DPDK.NoHuge {
		return runSpace
	}
	memory := max(p.cfg.NeededMemory(), p.cfg.DPDK.Memory) << 20
	return runSpace + int64(memory/os.Getpagesize()*pageRecord)
}
