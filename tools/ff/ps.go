package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringstack/msg"
)

func psCommand() *command {
	return &command{
		name:  "ps",
		short: "list the processes, their ports and the mbufs they hold",
		long: `PROC is the proc id, with * for the leader: the secondary that answers ARP and neighbour
discovery. STATE is attaching, live, draining (gets no new connections and is about to end), stalled
(has work and does nothing), detached (was told to go, and has not yet), or awaited (has yet to come
back after a restart of the primary). PORTS are those that it listens on. MBUFS is how many it holds now. The lines below
give the balance of each pool: free, in the NIC and the primary's queues, held by secondaries.
With --proc only that secondary is listed.
`,
		run: ps,
	}
}

func ps(ctx context.Context, t *tool, _ []string) error {
	var reply msg.PsReply
	if err := t.call(ctx, msg.KindPs, msg.ProcRequest{Proc: int(t.proc)}, &reply); err != nil {
		return err
	}
	if t.proc != msg.AnyProc {
		reply.Procs = slices.DeleteFunc(reply.Procs, func(p msg.Proc) bool { return p.ID != int(t.proc) })
		reply.Pools = nil
	}
	slices.SortStableFunc(reply.Procs, func(a, b msg.Proc) int { return cmp.Compare(a.ID, b.ID) }) // the primary, -1, first
	if t.json {
		return t.printJSON(withoutNulls(reply))
	}
	rows := table{{"PROC", "PROGRAM", "GROUP", "PID", "UID", "STATE", "UPTIME", "PORTS", "MBUFS"}}
	for i := range reply.Procs {
		rows = append(rows, procRow(&reply.Procs[i]))
	}
	rows.write(t.out, 3, 4, 6, 8)
	for _, p := range reply.Pools {
		fmt.Fprintf(t.out, "%s: %d mbufs = %d free + %d NIC + %d held\n", printable(p.Name), p.Size, p.Free, p.NIC, p.Held)
	}
	return nil
}

// withoutNulls makes empty lists [] in JSON.
func withoutNulls(r msg.PsReply) msg.PsReply {
	r.Procs = append([]msg.Proc{}, r.Procs...)
	r.Pools = append([]msg.Pool{}, r.Pools...)
	for i := range r.Procs {
		r.Procs[i].Ports = append([]string{}, r.Procs[i].Ports...)
	}
	return r
}

func procRow(p *msg.Proc) []string {
	id := strconv.Itoa(p.ID)
	if p.Role == msg.RolePrimary {
		id = msg.RolePrimary
	}
	if p.Leader {
		id += "*"
	}
	return []string{
		id, orDash(p.Program), orDash(p.Group), strconv.Itoa(p.PID), strconv.Itoa(p.UID), orDash(p.State),
		uptime(p.Uptime), orDash(strings.Join(p.Ports, ",")), strconv.Itoa(p.Mbufs),
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return printable(s)
}

// uptime gives the two largest units: "42s", "3m07s", "5h02m", "12d03h".
func uptime(seconds float64) string {
	const minute, hour, day = 60, 60 * 60, 24 * 60 * 60
	s := int64(min(max(seconds, 0), 1e12))
	switch {
	case s < minute:
		return fmt.Sprintf("%ds", s)
	case s < hour:
		return fmt.Sprintf("%dm%02ds", s/minute, s%minute)
	case s < day:
		return fmt.Sprintf("%dh%02dm", s/hour, s%hour/minute)
	}
	return fmt.Sprintf("%dd%02dh", s/day, s%day/hour)
}
