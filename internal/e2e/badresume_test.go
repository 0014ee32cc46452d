package e2e

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// TestNonsenseInResumes has programs come back with what nobody can have had.
func TestNonsenseInResumes(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(courier)
	tool := e.Tool()
	before := feel(t, tool)
	many := make([]msg.PortRequest, 2000)
	leases := make([]uint16, 2000)
	for i := range many {
		many[i], leases[i] = msg.PortRequest{Proto: 6, Port: uint16(10000 + i)}, uint16(i*256)
	}
	for name, c := range map[string]struct {
		resume  *msg.Resume
		reports []any
		want    error // of the hello, or else of the last report
	}{
		"impossible ports":       {&msg.Resume{Ports: []msg.PortRequest{{}, {Proto: 6}, {Proto: 99, Port: 1}, {Proto: 255, Port: 65535}}}, nil, nil},
		"too many ports":         {&msg.Resume{Ports: many}, nil, syscall.EINVAL},
		"impossible leases":      {&msg.Resume{Leases: []uint16{0, 1, 255, 256, 10241, 65535}}, nil, nil},
		"too many leases":        {&msg.Resume{Leases: leases}, nil, syscall.EINVAL},
		"a long ticket":          {&msg.Resume{Ticket: string(make([]byte, 8000))}, nil, nil},
		"half a connection":      {&msg.Resume{}, []any{msg.FlowReport{Flows: make([]byte, 35)}}, syscall.EINVAL},
		"no report":              {&msg.Resume{}, []any{7}, syscall.EINVAL},
		"connections of another": {&msg.Resume{}, []any{msg.FlowReport{Flows: flowOf(80)}}, nil},
		"very many connections":  {&msg.Resume{}, []any{manyFlows(), manyFlows(), manyFlows()}, nil},
		"without a resume":       {nil, []any{msg.FlowReport{}}, syscall.EPROTO},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		client, reply, err := msg.Dial(ctx, e.Socket, msg.Hello{Role: msg.RoleSecondary, Program: "nonsense", Proc: msg.AnyProc, Resume: c.resume})
		if err != nil {
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
			continue
		}
		for _, report := range c.reports {
			err = client.Call(ctx, msg.KindResume, report, nil)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		reply.CloseFDs()
		client.Close()
		cancel()
	}
	after := feel(t, tool)
	before.wantAlive(t, after)
	testenv.Eventually(t, 5*time.Second, "nothing is kept for them", func() bool {
		stats := testenv.Stats(t, tool)
		return stats["dispatch.awaited"] == 0 && stats["dispatch.pins"] == 0 && stats["dispatch.ports"] == 1
	})
	wantNoRefusals(t, e, 5)
}

// flowOf is a connection of a local port, as msg.AppendFlow has it.
func flowOf(port uint16) []byte {
	return msg.AppendFlow(nil, msg.Flow{Local: [16]byte{10: 0xff, 11: 0xff, 12: 192, 13: 168, 14: 100, 15: 2}, LocalPort: port, RemotePort: 9})
}

func manyFlows() msg.FlowReport {
	var flows []byte
	for i := range msg.MaxFlowReport / len(flowOf(0)) {
		flows = append(flows, flowOf(uint16(20000+i))...)
	}
	return msg.FlowReport{Flows: flows}
}
