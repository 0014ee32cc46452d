package secondary

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"ringstack/msg"
	"ringstack/shm"
)

func TestWhatCanPass(t *testing.T) {
	for _, c := range []struct {
		err              error
		canPass, outlive bool
	}{
		{io.EOF, true, true},
		{syscall.ENOENT, true, false},
		{syscall.ECONNREFUSED, true, false},
		{msg.Errorf(syscall.ESHUTDOWN, "the primary stops"), true, true},
		{msg.Errorf(syscall.EBUSY, "proc id 0"), true, false},
		{msg.Errorf(syscall.EUSERS, "all slots"), true, false},
		{msg.Errorf(syscall.ECONNABORTED, "violation"), false, false},
		{msg.Errorf(syscall.EPERM, "group"), false, false},
		{msg.Errorf(syscall.EPROTO, "version"), false, false},
		{shm.ErrLayout, false, false},
		{net.ErrClosed, false, false},
	} {
		if got := canPass(c.err); got != c.canPass {
			t.Errorf("%v can pass: %v", c.err, got)
		}
		if got := comesBack(c.err); got != c.outlive {
			t.Errorf("a life line that ends with %v: another may come: %v", c.err, got)
		}
	}
}

func TestOnlyChangedSysctlsAreSetAgain(t *testing.T) {
	before := []shm.Sysctl{{Name: "a", Value: "1"}, {Name: "b", Value: "1"}}
	now := []shm.Sysctl{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "c", Value: "1"}}
	if got := changed(before, now); !slices.Equal(got, now[1:]) {
		t.Errorf("%v", got)
	}
}

// TestRegistryAfterARestart: the new primary is told of what has changed since the hello.
func TestRegistryAfterARestart(t *testing.T) {
	type request struct {
		kind msg.Kind
		port uint16
	}
	var told []request
	offline := false
	var refuse error
	r := registry{
		tell: func(kind msg.Kind, port msg.PortRequest) error {
			if offline {
				return errOffline
			}
			told = append(told, request{kind, port.Port})
			if kind == msg.KindListen {
				return refuse
			}
			return nil
		},
		online: func(context.Context) error {
			offline = false
			return nil
		},
	}
	port := func(number uint16) msg.PortRequest { return msg.PortRequest{Proto: protoTCP, Port: number} }
	add := func(number uint16) *registration {
		s := &registration{registry: &r, port: port(number), socket: new(closeCounter), lost: make(chan struct{})}
		if err := r.add(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	closing := add(80)
	kept := add(81)
	hello := r.list()
	slices.SortFunc(hello, func(a, b msg.PortRequest) int { return int(a.Port) - int(b.Port) })
	if !slices.Equal(hello, []msg.PortRequest{port(80), port(81)}) {
		t.Fatalf("hello names %v", hello)
	}
	offline = true
	closing.release() // nobody is told
	told = nil
	losing := add(82) // waits
	if !slices.Equal(told, []request{{msg.KindListen, 82}}) {
		t.Fatalf("told %v", told)
	}
	told, refuse = nil, msg.Errorf(syscall.EADDRINUSE, "port 82 is taken")
	refused := r.update(hello)
	if !slices.Equal(told, []request{{msg.KindUnlisten, 80}, {msg.KindListen, 82}}) {
		t.Errorf("told %v", told)
	}
	if len(refused) != 1 || refused[0].Port != 82 || refused[0].Errno != int32(syscall.EADDRINUSE) {
		t.Fatalf("refused %+v", refused)
	}
	r.lose(refused)
	select {
	case <-losing.Lost():
	default:
		t.Error("it does not hear that its port is lost")
	}
	losing.fail(syscall.EPERM) // as another primary might
	if err := losing.Err(); !errors.Is(err, syscall.EADDRINUSE) || *losing.socket.(*closeCounter) != 1 {
		t.Errorf("%v; closed %d times", err, *losing.socket.(*closeCounter))
	}
	if err := kept.Err(); err != nil || *kept.socket.(*closeCounter) != 0 {
		t.Errorf("the other: %v; closed %d times", err, *kept.socket.(*closeCounter))
	}
	if got := r.list(); !slices.Equal(got, []msg.PortRequest{port(81)}) {
		t.Errorf("left are %v", got)
	}
}

func TestLeasesAfterARestart(t *testing.T) {
	l := leases{ask: (&lessor{max: 3}).ask}
	for range 3 {
		if _, err := l.pick(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	}
	all := l.list()
	l.keep(all[:2], all[:1]) // the third was leased just before the primary went
	if got := l.list(); !slices.Equal(got, all[1:2]) {
		t.Errorf("%v are left of %v", got, all)
	}
}

// TestCallsWaitForALine has requests meet a primary that goes before it answers, and the next one.
func TestCallsWaitForALine(t *testing.T) {
	s := newSecondary(Config{Socket: filepath.Join(t.TempDir(), "control.sock")})
	impatient, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := s.call(impatient, msg.KindLease, nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while there is no primary: %v", err)
	}
	dies, lives := newLine(t, s.cfg.Socket, false), newLine(t, s.cfg.Socket, true)
	answered := make(chan error, 1)
	s.line.set(dies)
	go func() { answered <- s.call(t.Context(), msg.KindLease, nil, nil) }()
	<-dies.client.Done()
	s.line.set(nil)
	close(dies.over)
	select {
	case err := <-answered:
		t.Errorf("answered by nobody: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	s.line.set(lives)
	if err := <-answered; err != nil {
		t.Errorf("answered by the next: %v", err)
	}
	waiting := make(chan error, 1)
	s.line.set(nil)
	go func() { waiting <- s.call(t.Context(), msg.KindLease, nil, nil) }()
	close(s.stopped)
	if err := <-waiting; !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// newLine is a session with a primary that answers a request, or closes instead.
func newLine(t *testing.T, path string, answers bool) *session {
	t.Helper()
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		c, err := l.AcceptUnix()
		if err != nil {
			return
		}
		t.Cleanup(func() { c.Close() })
		conn := msg.NewConn(c)
		answerHello(conn, nil)
		go func() {
			if m, err := conn.RecvRequest(time.Time{}); err == nil && answers {
				conn.Send(m.Header, nil, time.Time{})
				return
			}
			c.Close()
		}()
	}()
	client, _, err := msg.Dial(t.Context(), path, msg.Hello{Role: msg.RoleSecondary, Program: "test"})
	if err != nil {
		t.Fatal(err)
	}
	<-served
	t.Cleanup(client.Close)
	return &session{client: client, over: make(chan struct{})}
}

// TestPrimaryGoesWhileItIsToldMore: whoever sees the end of its session is not kept from that.
func TestPrimaryGoesWhileItIsToldMore(t *testing.T) {
	s := newSecondary(Config{Socket: filepath.Join(t.TempDir(), "control.sock")})
	s.drain.tell()
	s.drain.ask(time.Time{})
	dies := newLine(t, s.cfg.Socket, false)
	s.line.set(dies)
	told := make(chan struct{})
	go func() {
		defer close(told)
		s.catchUp(&msg.Resume{Ports: []msg.PortRequest{{Proto: protoTCP, Port: 80}}}) // closed since the hello
	}()
	<-dies.client.Done()
	s.line.set(nil)
	close(dies.over)
	select {
	case <-told:
	case <-time.After(patience):
		t.Fatal("it hangs")
	}
	if s.drain.tell() == nil {
		t.Error("the next primary does not hear of the drain")
	}
}

// TestDrainWhileAHelloIsOut: a primary that has not been told may still dispatch new connections; one that does not come dispatches none.
func TestDrainWhileAHelloIsOut(t *testing.T) {
	s := newSecondary(Config{})
	s.drain.tell()
	drained := make(chan error)
	go func() { drained <- s.drained(t.Context()) }()
	select {
	case err := <-drained:
		t.Fatalf("drained at once: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if !s.drain.said() { // as after an attempt that failed
		t.Fatal("nobody hears of it")
	}
	s.drain.begin()
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

// closeCounter is a socket that counts how often it is closed.
type closeCounter int

func (c *closeCounter) Close() error { *c++; return nil }
