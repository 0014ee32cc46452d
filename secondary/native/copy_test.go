package native

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// A stream passes through WriteTo and ReadFrom as it is, in pieces of any size, and leaves nothing charged.
func TestCopy(t *testing.T) {
	data := make([]byte, 1<<20+123)
	rand.NewChaCha8([32]byte{7}).Read(data)
	for name, reader := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "end with data": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			_, client, server := pair(t)
			sent := make(chan error, 1)
			go func() {
				n, err := client.ReadFrom(reader(bytes.NewReader(data)))
				if int(n) != len(data) && err == nil {
					err = io.ErrUnexpectedEOF
				}
				client.Close()
				sent <- err
			}()
			var got bytes.Buffer
			n, err := server.WriteTo(&got)
			if err != nil || int(n) != len(data) || !bytes.Equal(got.Bytes(), data) {
				t.Errorf("%d of %d bytes, %v", n, len(data), err)
			}
			if err := <-sent; err != nil {
				t.Error(err)
			}
			expectNothingQueued(t, client.host)
			expectNothingQueued(t, server.host)
		})
	}
}

// Small pieces do not take a block each.
func TestReadFromSmallPieces(t *testing.T) {
	w, client, _ := pair(t)
	w.Cut.Store(true)
	if _, err := client.Write(make([]byte, 256<<10)); err != nil { // the stack takes no more
		t.Fatal(err)
	}
	if _, err := client.ReadFrom(iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 30<<10)))); err != nil {
		t.Fatal(err)
	}
	client.mu.Lock()
	defer client.mu.Unlock()
	n := 0
	for b := client.tx.head; b != nil; b = b.next {
		n++
	}
	if n == 0 || n > 9 {
		t.Errorf("%d bytes lie in %d blocks", client.tx.n, n)
	}
}

func TestCopyErrors(t *testing.T) {
	_, client, server := pair(t)
	broken := errors.New("broken")
	if n, err := client.ReadFrom(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken))); n != 3 || !errors.Is(err, broken) {
		t.Errorf("from a broken reader: %d, %v", n, err)
	}
	if _, err := server.WriteTo(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("to a broken writer: %v", err)
	}
	if _, err := client.Write([]byte("defg")); err != nil {
		t.Fatal(err)
	}
	if _, err := server.WriteTo(failing{nil}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("to a writer that takes nothing: %v", err)
	}
	server.SetReadDeadline(time.Now())
	var op *net.OpError
	if _, err := server.WriteTo(io.Discard); !errors.As(err, &op) || op.Op != "writeto" || !op.Timeout() {
		t.Errorf("too late: %v", err)
	}
	client.Close()
	if _, err := client.ReadFrom(strings.NewReader("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	if _, err := client.WriteTo(io.Discard); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

// failing is a writer that takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
