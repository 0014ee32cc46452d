package tcp

import (
	"syscall"
	"testing"
	"time"

	"ringstack/stack/wire"
)

func TestClosedPort(t *testing.T) {
	s := newScript(t, Config{})
	s.in("S", 1000, 0, 0)
	s.want("RA 0:0(0) ack 1001")
	s.in("A", 1000, 77, 5)
	s.want("R 77:77(0) ack 0")
	s.in("R", 1000, 0, 0)
	s.want()
	s.counted(NoPort, 2)
}

func TestConnect(t *testing.T) {
	connect := func(s *script) {
		id, err := s.tcp.Connect(&ConnectConfig{Remote: them, RemotePort: 9000, LocalPort: 80})
		if err != 0 {
			t.Fatal(err)
		}
		s.id = id
		s.tcp.Flush(s.now)
		s.want("S 0:0(0) ack 0")
	}
	t.Run("accepted", func(t *testing.T) {
		s := newScript(t, Config{})
		connect(s)
		s.opts = plain
		s.in("SA", 1000, 1, 0)
		s.want("A 1:1(0) ack 1001")
		s.wantEvents("connected 0")
	})
	t.Run("refused", func(t *testing.T) {
		s := newScript(t, Config{})
		connect(s)
		s.in("RA", 0, 5, 0)
		s.want()
		s.in("RA", 0, 1, 0)
		s.wantEvents("connected 111")
		s.finished()
	})
	t.Run("half-open peer", func(t *testing.T) {
		s := newScript(t, Config{})
		connect(s)
		s.in("A", 1000, 700, 0) // RFC 9293 section 3.5.1
		s.want("R 700:700(0) ack 0")
		s.state(SynSent)
	})
	t.Run("simultaneous", func(t *testing.T) {
		s := newScript(t, Config{})
		connect(s)
		s.opts = plain
		s.in("S", 1000, 0, 0)
		s.want("SA 0:0(0) ack 1001")
		s.state(SynRcvd)
		s.in("SA", 1000, 1, 0)
		s.wantEvents("connected 0")
		s.state(Established)
	})
	t.Run("no answer", func(t *testing.T) {
		s := newScript(t, Config{SynRetries: 2})
		connect(s)
		s.run(time.Second + 2*time.Millisecond)
		s.want("S 0:0(0) ack 0")
		s.run(2 * time.Second)
		s.want("S 0:0(0) ack 0")
		s.run(5 * time.Second)
		s.want()
		s.wantEvents("connected 110")
		s.finished()
	})
	t.Run("hard ICMP error", func(t *testing.T) {
		s := newScript(t, Config{})
		connect(s)
		e := ICMPError{Local: us, Remote: them, LocalPort: 80, RemotePort: 9000, Seq: s.iss + 1, Err: syscall.EHOSTUNREACH, Hard: true}
		s.tcp.Unreachable(&e, s.now)
		s.counted(BadICMP, 1)
		e.Seq = s.iss
		s.tcp.Unreachable(&e, s.now)
		s.wantEvents("connected 113")
		s.finished()
	})
	t.Run("port in use", func(t *testing.T) {
		s := newScript(t, Config{})
		connect(s)
		if _, err := s.tcp.Connect(&ConnectConfig{Remote: them, RemotePort: 9000, LocalPort: 80}); err != syscall.EADDRINUSE {
			t.Fatal(err)
		}
	})
}

// Blind attacks: RFC 5961.
func TestBlindReset(t *testing.T) {
	s := established(t, Config{}, plain)
	s.in("R", 1002, 0, 0)
	s.want("A 1:1(0) ack 1001")
	s.in("R", 1001+70000, 0, 0)
	s.want()
	s.in("S", 1001, 0, 0)
	s.want("A 1:1(0) ack 1001")
	s.in("S", 99, 0, 0)
	s.want("A 1:1(0) ack 1001")
	s.in("A", 1001, 70000, 5) // acknowledges what was never sent
	s.want("A 1:1(0) ack 1001")
	s.in("A", 1001, 1<<31+5, 5)
	s.want("A 1:1(0) ack 1001")
	for range 20 {
		s.in("R", 1002, 0, 0)
	}
	if len(s.sent) != 5 {
		t.Fatalf("%d challenges beyond the first five", len(s.sent))
	}
	s.sent = nil
	s.wantEvents()
	s.in("R", 1001, 0, 0)
	s.wantEvents("closed 104")
	s.finished()
}

func TestPAWS(t *testing.T) {
	s := established(t, Config{}, modern)
	s.opts.TSVal = 100
	s.in("A", 1001, 1, 10)
	s.want("A 1:1(0) ack 1011")
	s.opts.TSVal = 99
	s.in("A", 1011, 1, 10)
	s.want("A 1:1(0) ack 1011")
	s.counted(PAWSDrop, 1)
	s.opts = wire.TCPOptions{}
	s.in("A", 1011, 1, 10)
	s.want()
	s.counted(MissingTS, 1)
	s.wantEvents("readable 10")
}

func TestOutOfOrder(t *testing.T) {
	s := established(t, Config{}, sackOn)
	s.in("A", 1011, 1, 10)
	s.want("A 1:1(0) ack 1001")
	if s.last.NSack != 1 || s.last.Sack[0] != (wire.SackBlock{Start: 1011, End: 1021}) {
		t.Fatalf("SACK %+v", s.last)
	}
	s.in("A", 1031, 1, 10)
	if s.last.NSack != 2 || s.last.Sack[0].Start != 1031 || s.last.Sack[1].Start != 1011 {
		t.Fatalf("the latest block does not come first: %+v", s.last)
	}
	s.in("A", 1011, 1, 10) // duplicate: RFC 2883 section 4.2
	if s.last.NSack != 3 || s.last.Sack[0] != (wire.SackBlock{Start: 1011, End: 1021}) || s.last.Sack[1] != (wire.SackBlock{Start: 1011, End: 1021}) {
		t.Fatalf("duplicate reported as %+v", s.last)
	}
	s.in("FA", 1041, 1, 10) // FIN past a hole
	s.wantEvents()
	s.sent = nil
	s.in("A", 1001, 1, 35)
	s.want("A 1:1(0) ack 1052")
	s.wantEvents("readable 50")
	s.state(CloseWait)
}

func TestDelayedAck(t *testing.T) {
	s := established(t, Config{}, plain)
	seq := uint32(1001)
	for range quickAckSegments {
		s.in("A", seq, 1, 10)
		seq += 10
	}
	if len(s.sent) != quickAckSegments {
		t.Fatalf("%d acknowledgements at the start", len(s.sent))
	}
	s.sent = nil
	s.in("A", seq, 1, 10)
	s.want()
	s.run(39 * time.Millisecond)
	s.want()
	s.run(3 * time.Millisecond)
	s.want("A 1:1(0) ack 1091")
	s.in("A", 1091, 1, 10) // the timer had to acknowledge: the next is not delayed
	s.want("A 1:1(0) ack 1101")
	s.in("A", 1101, 1, 1000)
	s.in("A", 2101, 1, 1000)
	s.want("A 1:1(0) ack 3101")
	s.in("A", 3101, 1, 10)
	s.write(20)
	s.want("A 1:21(20) ack 3111") // the acknowledgement rides
}

func TestNagle(t *testing.T) {
	s := established(t, Config{}, plain)
	s.write(10)
	s.want("A 1:11(10) ack 1001")
	s.write(10)
	s.want()
	s.write(985)
	s.want() // still small
	s.write(10)
	s.want("A 11:1011(1000) ack 1001")
	s.in("A", 1001, 11, 0)
	s.want("A 1011:1016(5) ack 1001")
	s.tcp.SetNoDelay(s.id, true)
	s.write(1)
	s.want("A 1016:1017(1) ack 1001")
}

func TestRetransmissionTimeout(t *testing.T) {
	s := established(t, Config{Retries: 3}, plain)
	s.write(10)
	s.want("A 1:11(10) ack 1001")
	for _, wait := range []time.Duration{200, 400, 800} {
		s.run((wait - 3) * time.Millisecond)
		s.want()
		s.run(6 * time.Millisecond)
		s.want("A 1:11(10) ack 1001")
		s.now -= 3 * time.Millisecond
	}
	s.run(2 * time.Second)
	s.want("RA 11:11(0) ack 1001")
	s.wantEvents("closed 110")
	s.finished()
}

func TestUserTimeout(t *testing.T) {
	s := established(t, Config{}, plain)
	s.tcp.SetUserTimeout(s.id, 5*time.Second)
	s.write(10)
	s.run(4990 * time.Millisecond)
	s.wantEvents()
	s.run(20 * time.Millisecond)
	s.wantEvents("closed 110")
	s.finished()
}

func TestFastRetransmit(t *testing.T) {
	t.Run("reno", func(t *testing.T) {
		s := established(t, Config{}, plain)
		s.write(8000)
		s.sent = nil
		s.in("A", 1001, 1001, 0)
		s.in("A", 1001, 1001, 0)
		s.in("A", 1001, 1001, 0)
		s.want()
		s.in("A", 1001, 1001, 0)
		s.want("A 1001:2001(1000) ack 1001")
		s.in("A", 1001, 4001, 0) // partial: the next hole at once
		s.want("A 4001:5001(1000) ack 1001")
		s.in("A", 1001, 8001, 0)
		s.want()
		s.counted(RexmtTimeo, 0)
	})
	t.Run("sack", func(t *testing.T) {
		s := established(t, Config{}, sackOn)
		s.write(8000)
		s.sent = nil
		s.run(20 * time.Millisecond)
		s.sent = nil
		s.opts.NSack = 1
		s.opts.Sack[0] = wire.SackBlock{Start: s.iss + 1001, End: s.iss + 2001}
		s.in("A", 1001, 1, 0)
		s.opts.Sack[0].End = s.iss + 3001
		s.in("A", 1001, 1, 0)
		s.opts.Sack[0].End = s.iss + 4001
		s.in("A", 1001, 1, 0)
		if len(s.sent) == 0 || s.sent[0] != "A 1:1001(1000) ack 1001" {
			t.Fatalf("sent %q", s.sent)
		}
		s.counted(SackRecovery, 1)
	})
}

func TestTailLossProbe(t *testing.T) {
	s := established(t, Config{}, sackOn)
	s.write(3000)
	s.sent = nil
	s.run(25 * time.Millisecond) // 2 SRTT
	s.want("A 2001:3001(1000) ack 1001")
	s.counted(TLPSent, 1)
}

func TestZeroWindow(t *testing.T) {
	s := established(t, Config{}, plain)
	s.wnd = 0
	s.in("A", 1001, 1, 10)
	s.sent = nil
	s.write(500)
	s.want()
	s.run(205 * time.Millisecond)
	s.want("A 1:2(1) ack 1011")
	s.in("A", 1011, 1, 0)
	s.run(405 * time.Millisecond)
	s.want("A 1:2(1) ack 1011")
	s.wnd = 1000
	s.in("A", 1011, 2, 0) // the probe's byte was taken
	s.want("A 2:501(499) ack 1011")
	s.counted(SndProbe, 2)
}

func TestSillyWindow(t *testing.T) {
	s := established(t, Config{}, plain)
	s.wnd = 100
	s.in("A", 1001, 1, 10)
	s.sent = nil
	s.write(5000)
	s.want() // 100 of 5000 bytes are not worth a segment
	s.run(205 * time.Millisecond)
	s.want("A 1:101(100) ack 1011")
}

func TestReceiveWindow(t *testing.T) {
	s := established(t, Config{RecvBuf: 4000, MaxRecvBuf: 4000}, plain)
	s.in("A", 1001, 1, 1000)
	s.in("A", 2001, 1, 1000)
	s.in("A", 3001, 1, 1000)
	s.in("A", 4001, 1, 1000)
	if s.lastH.Window != 0 {
		t.Fatalf("window %d", s.lastH.Window)
	}
	s.sent = nil
	s.in("A", 5001, 1, 1)
	s.want("A 1:1(0) ack 5001")
	s.counted(RcvWinProbe, 1)
	s.tcp.Consume(s.id, 100)
	s.tcp.Flush(s.now)
	s.want()
	s.tcp.Consume(s.id, 2400)
	s.tcp.Flush(s.now)
	s.want("A 1:1(0) ack 5001")
	if s.lastH.Window != 2500 {
		t.Fatalf("window %d", s.lastH.Window)
	}
}

func TestKeepAlive(t *testing.T) {
	s := established(t, Config{}, plain)
	s.tcp.SetKeepAlive(s.id, KeepAlive{Enable: true, Idle: 10 * time.Second, Intvl: time.Second, Count: 2})
	s.run(10*time.Second + 5*time.Millisecond)
	s.want("A 0:0(0) ack 1001")
	s.in("A", 1001, 1, 0)
	s.run(10*time.Second + 10*time.Millisecond)
	s.want("A 0:0(0) ack 1001")
	s.run(time.Second)
	s.want("A 0:0(0) ack 1001")
	s.run(time.Second)
	s.want("RA 1:1(0) ack 1001")
	s.wantEvents("closed 110")
	s.finished()
}

func TestBacklog(t *testing.T) {
	s := newScript(t, Config{})
	s.listen(ListenConfig{Backlog: 1})
	s.opts = plain
	s.in("S", 1000, 0, 0)
	s.in("A", 1001, 1, 0)
	s.wantEvents("accepted")
	first := s.id
	s.port = 80
	from := func(port uint16, flags string, seq, ack uint32) {
		h := wire.TCP{SrcPort: port, DstPort: 80, Seq: seq, Ack: s.iss + ack, Flags: flagBits(flags), Window: 100}
		b := make([]byte, 20)
		wire.PutTCP(b, &h, nil)
		s.tcp.Input(&Packet{Local: us, Remote: them, Segment: b, Checked: true}, s.now)
	}
	s.sent = nil
	from(9001, "S", 50, 0)
	s.want()
	s.counted(ListenDrop, 1)
	s.tcp.Take(first)
	from(9001, "S", 50, 0)
	s.want("SA 0:0(0) ack 51")
	from(9001, "A", 51, 1)
	s.wantEvents("accepted")
}

func TestSynCookies(t *testing.T) {
	s := newScript(t, Config{MaxHalfOpen: 1})
	s.listen(ListenConfig{})
	s.opts = plain
	for port := range uint16(3) {
		h := wire.TCP{SrcPort: 100 + port, DstPort: 80, Seq: 7, Flags: wire.SYN, Window: 100}
		b := make([]byte, 20)
		wire.PutTCP(b, &h, nil)
		s.tcp.Input(&Packet{Local: us, Remote: them, Segment: b, Checked: true}, s.now)
	}
	s.counted(SCSendCookie, 2)
	s.opts = modern
	s.in("S", 1000, 0, 0)
	s.opts = wire.TCPOptions{HasTS: true, TSVal: 2, TSEcr: s.last.TSVal}
	iss := s.iss
	s.run(40 * time.Second) // the half-open connection repeats its SYN-ACK meanwhile
	s.sent, s.iss = nil, iss
	s.in("A", 1001, 1, 20)
	s.wantEvents("accepted", "readable 20")
	info, _ := s.tcp.Info(s.id)
	if !info.SACK || !info.Timestamps || info.MSS != 536-12 && info.MSS != 1000-12 {
		t.Fatalf("options lost: %+v", info)
	}
	s.tcp.Abort(s.id)
	s.sent = nil
	s.run(2 * cookieLife)
	s.in("A", 1001, 1, 20)
	if len(s.sent) != 1 || s.sent[0][0] != 'R' {
		t.Fatalf("an old cookie was answered with %q", s.sent)
	}
}

func TestECN(t *testing.T) {
	s := newScript(t, Config{NoECN: true}) // newScript inverts: on
	s.listen(ListenConfig{})
	s.opts = plain
	s.in("SEC", 1000, 0, 0)
	s.want("SAE 0:0(0) ack 1001")
	s.in("A", 1001, 1, 0)
	s.opts = wire.TCPOptions{}
	s.ecn = wire.ECNCE
	s.in("A", 1001, 1, 100)
	s.want("AE 1:1(0) ack 1101")
	s.ecn = wire.ECT0
	s.in("A", 1101, 1, 100)
	s.want("AE 1:1(0) ack 1201")
	s.in("AC", 1201, 1, 100)
	s.want("A 1:1(0) ack 1301")
	before, _ := s.tcp.Info(s.id)
	s.write(5000)
	s.sent = nil
	s.in("AE", 1301, 5001, 0)
	after, _ := s.tcp.Info(s.id)
	if after.Cwnd >= before.Cwnd {
		t.Fatalf("window %d after a mark, %d before", after.Cwnd, before.Cwnd)
	}
	s.write(10000)
	if s.sent[0][:2] != "AC" {
		t.Fatalf("no CWR: %q", s.sent)
	}
}

func TestPathMTU(t *testing.T) {
	s := established(t, Config{}, wire.TCPOptions{MSS: 1460})
	s.write(1460)
	s.sent = nil
	s.mtu = 1000
	e := ICMPError{Local: us, Remote: them, LocalPort: 80, RemotePort: 9000, Seq: s.iss + 5000, MTU: 1000}
	s.tcp.Unreachable(&e, s.now)
	s.tcp.Flush(s.now)
	s.want()
	s.counted(BadICMP, 1)
	e.Seq = s.iss + 1
	s.tcp.Unreachable(&e, s.now)
	s.tcp.Flush(s.now)
	s.want("A 1:961(960) ack 1001", "A 961:1461(500) ack 1001")
}

func TestNoBufferKeepsWork(t *testing.T) {
	s := established(t, Config{}, plain)
	s.dead = true
	s.write(10)
	s.want()
	s.dead = false
	s.tcp.Flush(s.now)
	s.want("A 1:11(10) ack 1001")
}

func TestListenErrors(t *testing.T) {
	s := newScript(t, Config{})
	s.listen(ListenConfig{})
	if _, err := s.tcp.Listen(ListenConfig{Port: 80}); err != syscall.EADDRINUSE {
		t.Fatal(err)
	}
	if _, err := s.tcp.Listen(ListenConfig{Port: 80, Addr: us}); err != 0 {
		t.Fatal(err)
	}
	if _, err := s.tcp.Listen(ListenConfig{}); err != syscall.EINVAL {
		t.Fatal(err)
	}
}

func TestKeepAliveBeforeConnect(t *testing.T) {
	s := newScript(t, Config{})
	id, _ := s.tcp.Connect(&ConnectConfig{Remote: them, RemotePort: 9000, LocalPort: 80})
	s.tcp.SetKeepAlive(id, KeepAlive{Enable: true, Idle: 10 * time.Second})
	s.tcp.Flush(s.now)
	s.opts = plain
	s.in("SA", 1000, 1, 0)
	s.sent = nil
	s.run(10*time.Second + 5*time.Millisecond)
	s.want("A 0:0(0) ack 1001")
}

// A peer with a closed window may hold a connection as long as it answers, but not one that was closed.
func TestClosedWindowOrphan(t *testing.T) {
	s := established(t, Config{Retries: 5}, plain)
	s.wnd = 0
	s.in("A", 1001, 1, 0)
	s.write(10)
	for range 100 {
		s.run(10 * time.Second)
		s.in("A", 1001, 1, 0)
	}
	s.wantEvents()
	s.tcp.Close(s.id)
	for range 20 {
		s.run(10 * time.Second)
		s.in("A", 1001, 1, 0)
	}
	s.wantEvents("closed 110")
	s.finished()
}
