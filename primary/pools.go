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
	"time"

	"ringstack/cgo"
	"ringstack/msg"
)

const (
	mempoolCache  = 256 // mbufs that the loop's lcore keeps at hand
	frameOverhead = 18  // Ethernet header and one VLAN tag, in bytes
	msgBuffers    = 8   // message buffers of a secondary, which is how many requests it may have at a time
	msgRingSize   = 2 * msgBuffers
)

// letGo is how long secondaries may take to unmap the memory of a primary that has died.
const letGo = time.Second

// makePools makes an mbuf pool for each NUMA socket with a port, and the pool of message buffers.
func (p *Primary) makePools() error {
	sockets, err := p.sockets()
	if err != nil {
		return err
	}
	for _, socket := range sockets {
		pool, err := cgo.CreateMbufPool(poolName(socket), p.cfg.DPDK.NbMbufs, mempoolCache, p.cfg.DataRoom(), socket)
		if err != nil {
			return fmt.Errorf("%w: lower nb_mbufs (%d) or give DPDK more memory", err, p.cfg.DPDK.NbMbufs)
		}
		p.later(pool.Free)
		p.pools = append(p.pools, pool)
		p.log.Info().Str("pool", pool.Name()).Int("mbufs", pool.Size()).Int("data_room", p.cfg.DataRoom()).Msg("pool")
	}
	p.msgPool, err = cgo.CreateMempool(msgPoolName, p.cfg.DPDK.MaxProcs*msgBuffers, msg.MaxMessage, cgo.MainSocket())
	if err != nil {
		return err
	}
	p.later(p.msgPool.Free)
	return nil
}

// sockets returns the NUMA sockets that get a pool: the main lcore's first, then those of the ports.
func (p *Primary) sockets() ([]int, error) {
	sockets := []int{cgo.MainSocket()}
	if !p.cfg.DPDK.NumaOn {
		return sockets, nil
	}
	for _, id := range cgo.Ports() {
		info, err := id.Info()
		if err != nil {
			return nil, err
		}
		if info.Socket >= 0 && !slices.Contains(sockets, info.Socket) {
			sockets = append(sockets, info.Socket)
		}
	}
	return sockets, nil
}

// poolOn returns the mbuf pool of a NUMA socket, or the main lcore's.
func (p *Primary) poolOn(socket int) *cgo.Mempool {
	for _, pool := range p.pools {
		if pool.Name() == poolName(socket) {
			return pool
		}
	}
	return p.pools[0]
}

// checkMemory refuses to start EAL without the hugepages that it needs, since EAL's own words for
// it do not say what to do.
func (p *Primary) checkMemory() error {
	need := p.neededMemory()
	if p.cfg.DPDK.NoHuge {
		return nil
	}
	if err := checkMount(); err != nil {
		return err
	}
	return enoughMemory(p.clearLeftovers(need), need)
}

func checkMount() error {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return fmt.Errorf("look for hugetlbfs: %w", err)
	}
	if !strings.Contains(string(mounts), " hugetlbfs ") {
		return errors.New("no hugetlbfs is mounted: mount -t hugetlbfs none /dev/hugepages, or set no_huge=1 in [dpdk]")
	}
	return nil
}

func enoughMemory(free, need int) error {
	if free >= need {
		return nil
	}
	return fmt.Errorf("%d MB of hugepages are free, %d MB are needed (%w): raise /proc/sys/vm/nr_hugepages, lower nb_mbufs or memory, or set no_huge=1 in [dpdk]",
		free>>20, need>>20, syscall.ENOMEM)
}

// checkHandover is checkMemory while the primary to take over from still has its own.
func (p *Primary) checkHandover() error {
	if p.cfg.DPDK.NoHuge {
		return nil
	}
	if err := checkMount(); err != nil {
		return err
	}
	free := freeHugepages("/sys/kernel/mm/hugepages")
	for _, file := range p.hugepageFiles() {
		var st syscall.Stat_t
		if syscall.Stat(file, &st) == nil {
			free += int(st.Blocks) * 512
		}
	}
	return enoughMemory(free, p.neededMemory())
}

func (p *Primary) neededMemory() int { return max(p.cfg.NeededMemory(), p.cfg.DPDK.Memory) << 20 }

// clearLeftovers removes what a killed primary of this prefix has left, and returns the bytes of hugepages that are free then. Its secondaries
// let go of them when it dies: they are given a moment for it.
func (p *Primary) clearLeftovers(need int) (free int) {
	left := len(p.hugepageFiles()) > 0 || p.cfg.Takeover
	if err := p.removeDPDKFiles(); err != nil {
		p.log.Warn().Err(err).Msg("what a killed primary has left cannot be removed")
	}
	for deadline := time.Now().Add(letGo); ; time.Sleep(time.Millisecond) {
		free = freeHugepages("/sys/kernel/mm/hugepages")
		if free >= need || !left || time.Now().After(deadline) {
			return free
		}
	}
}

// hugepageFiles returns the files in which EAL keeps this prefix's hugepages.
func (p *Primary) hugepageFiles() (files []string) {
	mounts, _ := os.ReadFile("/proc/mounts") // was read before, see checkMemory
	for _, line := range strings.Split(string(mounts), "\n") {
		if f := strings.Fields(line); len(f) > 2 && f[2] == "hugetlbfs" {
			found, _ := filepath.Glob(filepath.Join(f[1], p.cfg.DPDK.FilePrefix+"map_*")) // the pattern is well-formed
			files = append(files, found...)
		}
	}
	return files
}

// removeDPDKFiles removes the files that EAL leaves behind, and with them gives the hugepages back.
func (p *Primary) removeDPDKFiles() error {
	var failed error
	for _, file := range p.hugepageFiles() {
		failed = errors.Join(failed, os.Remove(file))
	}
	return errors.Join(failed, os.RemoveAll(filepath.Join(dpdkDir, p.cfg.DPDK.FilePrefix)))
}

// freeHugepages returns the bytes of free hugepages of all sizes.
func freeHugepages(dir string) (free int) {
	sizes, _ := filepath.Glob(filepath.Join(dir, "hugepages-*kB")) // the pattern is well-formed
	for _, size := range sizes {
		kB, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(size), "hugepages-"), "kB"))
		text, err := os.ReadFile(filepath.Join(size, "free_hugepages"))
		if err != nil {
			continue
		}
		pages, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		free += pages * kB << 10
	}
	return free
}
