package primary

import (
	"errors"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"ringstack/msg"
)

// TestWhoMayTakeOver asks a primary of uid 1000 as different users, one that a service manager would start again, and one of whose secondaries one has
// stalled.
func TestWhoMayTakeOver(t *testing.T) {
	for _, c := range []struct {
		uid              int
		managed, stalled bool
		noHuge           bool
		want             error
	}{
		{uid: 0}, {uid: 1000}, {uid: 33, want: syscall.EPERM}, {managed: true, want: syscall.EBUSY},
		{stalled: true, want: syscall.EBUSY}, {stalled: true, noHuge: true},
	} {
		p, first := newPair(t)
		p.uid, p.cfg.Managed, p.cfg.DPDK.NoHuge, first.pulse.stalled = 1000, func() bool { return c.managed }, c.noHuge, c.stalled
		go func() {
			for f := range p.calls {
				f()
			}
		}()
		stopped := false
		p.stop = func() { stopped = true }
		here, there := seqpacketPair(t)
		s := &session{p: p, conn: msg.NewConn(here), peer: peer{uid: c.uid}}
		p.handOver(s, msg.Message{Header: msg.Header{ID: 7, Kind: msg.KindTakeover}})
		reply, err := msg.NewConn(there).Recv(time.Now().Add(5 * time.Second))
		if err != nil || reply.ID != 7 {
			t.Fatalf("%+v, %v", reply, err)
		}
		if err := reply.Decode(nil); !errors.Is(err, c.want) || stopped != (c.want == nil) {
			t.Errorf("%+v: %v, stopped: %v", c, err, stopped)
		}
		close(p.calls)
	}
}

// seqpacketPair returns both ends of a connection.
func seqpacketPair(t *testing.T) (here, there *net.UnixConn) {
	t.Helper()
	addr := &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unixpacket"}
	l, err := net.ListenUnix("unixpacket", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if there, err = net.DialUnix("unixpacket", nil, addr); err != nil {
		t.Fatal(err)
	}
	if here, err = l.AcceptUnix(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close(); there.Close() })
	return here, there
}
