package msg

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// connPair returns two ends of one SOCK_SEQPACKET connection.
func connPair(t *testing.T) (*Conn, *Conn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socketpair")
		c, err := net.FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = NewConn(c.(*net.UnixConn))
		t.Cleanup(func() { ends[i].Close() })
	}
	return ends[0], ends[1]
}

// soon is a deadline that only a broken test meets.
func soon() time.Time { return time.Now().Add(10 * time.Second) }

func openFDs(t *testing.T) int {
	t.Helper()
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(dir)
}

// checkFDs fails the test when it ends with more descriptors than now.
func checkFDs(t *testing.T) {
	t.Helper()
	net.Dial("unixpacket", "/nonexistent") // the runtime's own descriptors are there from now on
	before := openFDs(t)
	t.Cleanup(func() {
		for range 1000 { // goroutines may still be closing theirs
			if openFDs(t) <= before {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Errorf("%d descriptors before, %d after", before, openFDs(t))
	})
}

func TestConnMessages(t *testing.T) {
	a, b := connPair(t)
	inFrame := MaxFrame - HeaderSize - 2 // with the quotes
	for _, n := range []int{0, 1, inFrame, inFrame + 1, 3*MaxFrame + 17, MaxReply - 2} {
		want := strings.Repeat("x", n)
		sent := make(chan error, 1)
		go func() { sent <- a.Send(Header{ID: 9, Kind: KindStats}, want, soon()) }()
		m, err := b.Recv(soon())
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := m.Decode(&got); err != nil || got != want || m.ID != 9 || m.Kind != KindStats || int(m.Len) != n+2 {
			t.Errorf("%d bytes: %d came, %+v, %v", n, len(got), m.Header, err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
}

func TestConnWithoutPayload(t *testing.T) {
	a, b := connPair(t)
	if err := a.Send(Header{ID: 1, Kind: KindReady}, nil, soon()); err != nil {
		t.Fatal(err)
	}
	m, err := b.RecvRequest(soon())
	if err != nil || len(m.Payload) != 0 || m.Decode(nil) != nil {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestConnRefusesToSendTooMuch(t *testing.T) {
	a, b := connPair(t)
	if err := a.Send(Header{Kind: KindStats}, strings.Repeat("x", MaxReply), soon()); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("payload: %v", err)
	}
	if err := a.Send(Header{Kind: KindStats}, nil, soon(), make([]int, MaxFDs+1)...); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("descriptors: %v", err)
	}
	if err := a.Send(Header{Kind: KindStats}, func() {}, soon()); err == nil {
		t.Error("a func was encoded")
	}
	if err := a.SendError(Header{ID: 3, Kind: KindStats}, syscall.EPERM, soon()); err != nil {
		t.Fatal(err) // nothing was sent before, so the connection is still good
	}
	if m, err := b.Recv(soon()); err != nil || !errors.Is(m.Decode(nil), syscall.EPERM) {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestConnPassesFDs(t *testing.T) {
	checkFDs(t)
	a, b := connPair(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fds := make([]int, MaxFDs)
	for i := range fds {
		fds[i] = int(w.Fd())
	}
	// The message has several frames; its descriptors come with the first.
	if err := a.Send(Header{Kind: KindHello}, strings.Repeat("x", 2*MaxFrame), soon(), fds...); err != nil {
		t.Fatal(err)
	}
	w.Close()
	m, err := b.Recv(soon())
	if err != nil || len(m.FDs) != MaxFDs {
		t.Fatalf("%d descriptors, %v", len(m.FDs), err)
	}
	for _, fd := range m.FDs {
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		if errno != 0 || flags&syscall.FD_CLOEXEC == 0 {
			t.Fatalf("descriptor %d: flags %#x, %v", fd, flags, errno)
		}
	}
	if _, err := syscall.Write(m.FDs[MaxFDs-1], []byte("y")); err != nil {
		t.Error(err)
	}
	m.CloseFDs()
	if got, err := io.ReadAll(r); err != nil || string(got) != "y" {
		t.Errorf("read %q, %v", got, err)
	}
	r.Close()
}

// sendRaw writes a frame as it is; WriteMsgUnix would put a byte into an empty one.
func sendRaw(c *Conn, data, rights []byte) error {
	if len(data) > 0 {
		_, _, err := c.WriteMsgUnix(data, rights, nil)
		return err
	}
	m := syscall.Msghdr{Control: &rights[0]}
	m.SetControllen(len(rights))
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&m)), syscall.MSG_NOSIGNAL)
	})
	if errno != 0 {
		err = errno
	}
	return err
}

func TestConnForeignFrames(t *testing.T) {
	checkFDs(t)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	rights := func(n int) []byte {
		fds := make([]int, n)
		for i := range fds {
			fds[i] = int(null.Fd())
		}
		return syscall.UnixRights(fds...)
	}
	h := Header{ID: 1, Kind: KindPs}
	more := Header{ID: 1, Kind: KindPs, Flags: FlagMore}
	type part struct {
		data, rights []byte
	}
	for name, c := range map[string]struct {
		parts []part
		want  error
		text  string
	}{
		"http":          {[]part{{data: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}}, ErrBadHeader, "not a ringstack"},
		"short":         {[]part{{data: []byte("RM")}}, ErrBadHeader, "2 bytes"},
		"with fds":      {[]part{{[]byte("RM"), rights(3)}}, ErrBadHeader, "2 bytes"},
		"empty":         {[]part{{[]byte{}, rights(3)}}, io.EOF, ""},
		"too long":      {[]part{{make([]byte, MaxFrame+1), rights(1)}}, syscall.EMSGSIZE, "at most 65536 bytes"},
		"too many fds":  {[]part{{frame(h, ""), rights(253)}}, syscall.EMSGSIZE, "250 descriptors"},
		"fds in parts":  {[]part{{frame(more, "x"), rights(200)}, {frame(more, "x"), rights(100)}}, syscall.EMSGSIZE, "250 descriptors"},
		"other message": {[]part{{frame(more, "x"), rights(1)}, {frame(Header{ID: 2, Kind: KindPs}, "x"), nil}}, ErrBadHeader, "ps 2 where ps 1"},
		"empty part":    {[]part{{frame(more, ""), rights(1)}}, ErrBadHeader, "empty part"},
		"cut off":       {[]part{{frame(more, "x"), rights(1)}}, io.EOF, ""},
	} {
		a, b := connPair(t)
		for _, p := range c.parts {
			if err := sendRaw(a, p.data, p.rights); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		a.Close()
		m, err := b.Recv(soon())
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || m.FDs != nil {
			t.Errorf("%s: got %v, want %v %q", name, err, c.want, c.text)
		}
		b.Close()
	}
}

func TestRecvLimitsReply(t *testing.T) {
	a, b := connPair(t)
	go func() {
		full := frame(Header{ID: 1, Kind: KindPs, Flags: FlagMore}, strings.Repeat("x", MaxFrame-HeaderSize))
		for {
			if _, err := a.Write(full); err != nil {
				return
			}
		}
	}()
	if _, err := b.Recv(soon()); !errors.Is(err, syscall.EMSGSIZE) || !strings.Contains(err.Error(), "4194304 bytes") {
		t.Errorf("got %v", err)
	}
	b.Close()
}

func TestRecvRequestRefuses(t *testing.T) {
	checkFDs(t)
	a, b := connPair(t)
	if err := a.Send(Header{ID: 1, Kind: KindPs}, strings.Repeat("x", MaxFrame), soon()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RecvRequest(soon()); !errors.Is(err, syscall.EMSGSIZE) || !strings.Contains(err.Error(), "65512 bytes") {
		t.Errorf("long request: %v", err)
	}
	a, b = connPair(t)
	if err := a.Send(Header{ID: 1, Kind: KindPs}, nil, soon(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RecvRequest(soon()); !errors.Is(err, syscall.EMSGSIZE) || !strings.Contains(err.Error(), "descriptors") {
		t.Errorf("request with a descriptor: %v", err)
	}
}

func TestConnDeadlines(t *testing.T) {
	a, b := connPair(t)
	if _, err := b.Recv(time.Now().Add(time.Millisecond)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("receive: %v", err)
	}
	var err error
	for range 1000 { // the peer never reads
		if err = a.Send(Header{Kind: KindPs}, bytes.Repeat([]byte("x"), 40_000), time.Now().Add(20*time.Millisecond)); err != nil {
			break
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("send: %v", err)
	}
}

func TestClosedPeer(t *testing.T) {
	a, b := connPair(t)
	a.Close()
	if _, err := b.Recv(soon()); err != io.EOF {
		t.Errorf("receive: %v", err)
	}
	if err := b.Send(Header{Kind: KindPs}, nil, soon()); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("send: %v", err)
	}
}

// TestLastWord: what a peer wrote before it closed is read, even when it left requests unread,
// for which the kernel reports ECONNRESET first.
func TestLastWord(t *testing.T) {
	a, b := connPair(t)
	if err := b.Send(Header{ID: 1, Kind: KindPs}, nil, soon()); err != nil {
		t.Fatal(err)
	}
	if err := a.SendError(Header{ID: 1, Kind: KindPs}, syscall.EACCES, soon()); err != nil {
		t.Fatal(err)
	}
	a.Close()
	m, err := b.Recv(soon())
	if err != nil || !errors.Is(m.Decode(nil), syscall.EACCES) {
		t.Errorf("got %+v, %v", m, err)
	}
	if _, err := b.Recv(soon()); err != io.EOF {
		t.Errorf("after it: %v", err)
	}
}

// TestRefusalAfterParts: a reply that turns into a refusal is that refusal.
func TestRefusalAfterParts(t *testing.T) {
	a, b := connPair(t)
	a.Write(frame(Header{ID: 1, Kind: KindPs, Flags: FlagMore}, "[1,"))
	if err := a.SendError(Header{ID: 1, Kind: KindPs}, Errorf(syscall.EPERM, "no"), soon()); err != nil {
		t.Fatal(err)
	}
	m, err := b.Recv(soon())
	if err != nil || m.Decode(nil).Error() != "no" {
		t.Errorf("got %q, %v", m.Payload, err)
	}
}

func TestDecodeNeedsJSON(t *testing.T) {
	m := Message{Header: Header{Kind: KindTop}, Payload: []byte("{")}
	var rows []TopRow
	if err := m.Decode(&rows); err == nil || !strings.Contains(err.Error(), "decode top") {
		t.Errorf("got %v", err)
	}
}
