package msg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

func frame(h Header, payload string) []byte {
	b := make([]byte, HeaderSize, HeaderSize+len(payload))
	h.Len = uint32(len(payload))
	h.Put(b)
	return append(b, payload...)
}

func TestHeaderRoundTrip(t *testing.T) {
	for _, want := range []Header{
		{Kind: KindHello},
		{ID: 1<<64 - 1, Kind: KindFlows, Flags: FlagMore, Len: 8},
		{ID: 7, Kind: KindTop, Status: int32(syscall.ESRCH), Len: 8},
		{ID: 7, Kind: KindTop, Status: maxErrno},
	} {
		b := make([]byte, HeaderSize+8)
		want.Put(b)
		got, err := ParseHeader(b)
		if err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
}

func TestHeaderBytes(t *testing.T) {
	b := make([]byte, HeaderSize)
	Header{ID: 0x0807060504030201, Kind: KindPs, Flags: FlagMore, Status: 3, Len: 0x10}.Put(b)
	want := []byte{'R', 'M', 7, 0, 1, 0, Version, 0, 1, 2, 3, 4, 5, 6, 7, 8, 3, 0, 0, 0, 0x10, 0, 0, 0}
	if !bytes.Equal(b, want) {
		t.Errorf("got % x\nwant % x", b, want)
	}
}

func TestParseHeaderRefuses(t *testing.T) {
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		spoil func(b []byte) []byte
		want  string
	}{
		"empty":         {func(b []byte) []byte { return nil }, "0 bytes"},
		"short":         {func(b []byte) []byte { return b[:HeaderSize-1] }, "23 bytes"},
		"magic":         {func(b []byte) []byte { b[0] = 'X'; return b }, "not a ringstack message"},
		"version":       {func(b []byte) []byte { b[6] = 9; return b }, fmt.Sprintf("protocol version 9, but this side speaks %d", Version)},
		"no kind":       {func(b []byte) []byte { le.PutUint16(b[2:], 0); return b }, "kind 0"},
		"unknown kind":  {func(b []byte) []byte { le.PutUint16(b[2:], uint16(numKinds)); return b }, numKinds.String()},
		"flags":         {func(b []byte) []byte { b[4] = 2; return b }, "flags 0x2"},
		"status < 0":    {func(b []byte) []byte { le.PutUint32(b[16:], 1<<31); return b }, "status -2147483648"},
		"status":        {func(b []byte) []byte { le.PutUint32(b[16:], 4096); return b }, "status 4096"},
		"long refusal":  {func(b []byte) []byte { b[4], b[16] = 1, 1; return b }, "status 1, flags 0x1"},
		"length by one": {func(b []byte) []byte { b[20] = 5; return b }, "length 5 in a message of 28 bytes"},
		"length":        {func(b []byte) []byte { le.PutUint32(b[20:], 1<<32-1); return b }, "length 4294967295"},
	} {
		b := c.spoil(frame(Header{ID: 1, Kind: KindPs}, "null"))
		if _, err := ParseHeader(b); !errors.Is(err, ErrBadHeader) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func FuzzParseHeader(f *testing.F) {
	f.Add(frame(Header{ID: 1, Kind: KindPs}, "null"))
	f.Add(frame(Header{ID: 1, Kind: KindPs, Status: 3}, `{"error":"x"}`)[:30])
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			if !errors.Is(err, ErrBadHeader) {
				t.Fatalf("%v is no ErrBadHeader", err)
			}
			return
		}
		if HeaderSize+int(h.Len) > len(b) {
			t.Fatalf("length %d in %d bytes", h.Len, len(b))
		}
		again := make([]byte, HeaderSize)
		h.Put(again)
		if !bytes.Equal(again, b[:HeaderSize]) {
			t.Fatalf("% x became % x", b[:HeaderSize], again)
		}
	})
}

func TestErrorRoundTrip(t *testing.T) {
	for name, c := range map[string]struct {
		err       error
		wantErrno syscall.Errno
		wantText  string
	}{
		"refusal":   {Errorf(syscall.ESRCH, "no proc %d", 3), syscall.ESRCH, "no proc 3"},
		"wrapped":   {fmt.Errorf("listen: %w", syscall.EADDRINUSE), syscall.EADDRINUSE, "listen: address already in use"},
		"no errno":  {errors.New("strange"), syscall.EIO, "strange"},
		"zero":      {fmt.Errorf("odd: %w", syscall.Errno(0)), syscall.EIO, "odd: errno 0"},
		"big errno": {fmt.Errorf("odd: %w", syscall.Errno(1<<31)), syscall.EIO, "odd: errno 2147483648"},
		"no text":   {Errorf(syscall.EPERM, ""), syscall.EPERM, "operation not permitted"},
		"long":      {errors.New(strings.Repeat("x", 1<<20)), syscall.EIO, strings.Repeat("x", maxErrorText) + "..."},
		"cut rune":  {errors.New(strings.Repeat("x", maxErrorText-1) + "é"), syscall.EIO, strings.Repeat("x", maxErrorText-1) + "..."},
	} {
		status, payload := encodeError(c.err)
		got := decodeError(status, payload)
		if !errors.Is(got, c.wantErrno) || got.Error() != c.wantText {
			t.Errorf("%s: got %#v %v, want %v", name, got, got, c.wantErrno)
		}
	}
}

func TestRefusalFitsOnePart(t *testing.T) {
	_, payload := encodeError(errors.New(strings.Repeat("\x00", 1<<20))) // six bytes each in JSON
	if len(payload) > MaxMessage-HeaderSize {
		t.Errorf("a refusal has %d bytes", len(payload))
	}
}

func TestDecodeErrorOfRubbish(t *testing.T) {
	for _, payload := range []string{"", "null", "[1", `{"error":5}`} {
		if err := decodeError(int32(syscall.EBUSY), []byte(payload)); err.Error() != syscall.EBUSY.Error() {
			t.Errorf("%q: got %v", payload, err)
		}
	}
}
