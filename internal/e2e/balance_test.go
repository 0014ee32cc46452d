package e2e

import (
	"fmt"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// checkBalance says what is wrong with the whereabouts of the mbufs: each is free or held by one of
// the secondaries in the list, and the NIC, net_af_packet, keeps none.
func checkBalance(ps msg.PsReply) error {
	held := 0
	for _, p := range ps.Procs {
		held += p.Mbufs
	}
	for _, pool := range ps.Pools {
		if pool.Size != pool.Free+pool.NIC+pool.Held || pool.NIC != 0 || pool.Held != held {
			return fmt.Errorf("pool %+v, secondaries hold %d", pool, held)
		}
	}
	return nil
}

// noProcess is a pid for awaitBalance when nobody is to be gone.
const noProcess = 0

// balanceLimit is far more than it takes, but for a machine that has other things to do.
const balanceLimit = 10 * time.Second

// awaitBalance waits until the process pid is gone from ps and the balance is exact, and fails the
// test when it does not come. It returns how long it took.
func awaitBalance(t testing.TB, tool *msg.Client, pid int) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		ps := testenv.Ask[msg.PsReply](t, tool, msg.KindPs, nil)
		took := time.Since(start)
		err := checkBalance(ps)
		for _, p := range ps.Procs {
			if p.PID == pid {
				err = fmt.Errorf("proc %d, pid %d, is %s, with %d mbufs", p.ID, pid, p.State, p.Mbufs)
			}
		}
		if err == nil {
			return took
		}
		if took > balanceLimit {
			t.Fatalf("%v after the end of pid %d: %v", took, pid, err)
		}
		time.Sleep(time.Millisecond)
	}
}
