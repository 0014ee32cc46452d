package tcp

import (
	"testing"
	"time"
)

func TestCloseOrders(t *testing.T) {
	t.Run("we close first", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.tcp.Close(s.id)
		s.tcp.Flush(s.now)
		s.want("FA 1:1(0) ack 1001")
		s.state(FinWait1)
		s.in("A", 1001, 2, 0)
		s.state(FinWait2)
		s.in("FA", 1001, 2, 0)
		s.want("A 2:2(0) ack 1002")
		s.wantEvents("closed 0")
		s.in("FA", 1001, 2, 0) // its acknowledgement was lost
		s.want("A 2:2(0) ack 1002")
		s.in("R", 1002, 0, 0) // RFC 1337
		s.run(59 * time.Second)
		if s.tcp.Usage().TimeWait != 1 {
			t.Fatal("TIME-WAIT ended early")
		}
		s.run(2 * time.Second)
		s.finished()
	})
	t.Run("peer closes first", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.in("FA", 1001, 1, 10)
		s.want("A 1:1(0) ack 1012")
		s.wantEvents("readable 10")
		s.state(CloseWait)
		s.tcp.Consume(s.id, 10)
		if !s.tcp.EOF(s.id) {
			t.Fatal("no end of stream")
		}
		s.write(5)
		s.want("A 1:6(5) ack 1012")
		s.tcp.Close(s.id)
		s.tcp.Flush(s.now)
		s.want("FA 6:6(0) ack 1012")
		s.in("A", 1012, 7, 0)
		s.wantEvents("closed 0")
		s.finished()
	})
	t.Run("both at once", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.tcp.Close(s.id)
		s.tcp.Flush(s.now)
		s.want("FA 1:1(0) ack 1001")
		s.in("FA", 1001, 1, 0)
		s.want("A 2:2(0) ack 1002")
		s.state(Closing)
		s.in("A", 1002, 2, 0)
		s.wantEvents("closed 0")
		if s.tcp.Usage().TimeWait != 1 {
			t.Fatal("no TIME-WAIT")
		}
	})
	t.Run("FIN and acknowledgement of ours together", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.tcp.Close(s.id)
		s.tcp.Flush(s.now)
		s.in("FA", 1001, 2, 0)
		s.want("FA 1:1(0) ack 1001", "A 2:2(0) ack 1002")
		s.wantEvents("closed 0")
	})
	t.Run("half-close then read", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.tcp.CloseWrite(s.id)
		s.tcp.Flush(s.now)
		s.in("A", 1001, 2, 0)
		s.in("A", 1001, 2, 100)
		s.in("FA", 1101, 2, 0)
		s.wantEvents("readable 100", "readable 100")
		s.state(TimeWait)
		if s.tcp.Unread(s.id) != 100 {
			t.Fatal("bytes were lost with the end")
		}
		s.tcp.Consume(s.id, 100)
		s.tcp.Close(s.id)
		s.tcp.Flush(s.now)
		s.wantEvents("closed 0")
	})
	t.Run("peer never ends", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.tcp.Close(s.id)
		s.tcp.Flush(s.now)
		s.in("A", 1001, 2, 0)
		s.run(61 * time.Second)
		s.wantEvents("closed 0")
		s.counted(FinWait2Drops, 1)
		s.finished()
	})
	t.Run("data after close", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.tcp.Close(s.id)
		s.tcp.Flush(s.now)
		s.in("A", 1001, 2, 10)
		s.want("FA 1:1(0) ack 1001", "RA 2:2(0) ack 1001")
		s.wantEvents("closed 104")
		s.finished()
	})
	t.Run("unread data", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.in("A", 1001, 1, 10)
		s.want("A 1:1(0) ack 1011")
		s.tcp.Close(s.id)
		s.tcp.Flush(s.now)
		s.want("RA 1:1(0) ack 1011")
		s.wantEvents("readable 10", "closed 104")
		s.finished()
	})
	t.Run("linger 0", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.tcp.SetLinger(s.id, 0)
		s.tcp.Close(s.id)
		s.tcp.Flush(s.now)
		s.want("RA 1:1(0) ack 1001")
		s.wantEvents("closed 104")
		s.finished()
	})
	t.Run("linger runs out", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.tcp.SetLinger(s.id, 3*time.Second)
		s.write(10)
		s.tcp.Close(s.id)
		s.run(4 * time.Second)
		s.wantEvents("closed 110")
		s.finished()
	})
}

func TestTimeWaitReuse(t *testing.T) {
	s := established(t, Config{}, modern)
	s.tcp.Close(s.id)
	s.tcp.Flush(s.now)
	s.in("FA", 1001, 2, 0)
	s.sent, s.events = nil, nil
	end := s.iss + 2
	s.opts = modern
	s.opts.TSVal = 5 // older than the last
	s.in("S", 5000, 0, 0)
	s.want("A 2:2(0) ack 1002")
	s.opts.TSVal = 1000
	s.in("S", 500, 0, 0)
	s.want("SA 0:0(0) ack 501")
	if !after(s.iss, end) {
		t.Fatalf("new numbers start at %d, the old ones ended at %d", s.iss, end)
	}
	s.counted(TWRecycled, 1)
}
