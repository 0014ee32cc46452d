package enginetest

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/site"
)

// testShutdown shuts a server down: idle connections end, new ones are refused, active ones are served to their end.
func testShutdown(t *testing.T, a, b *host) {
	const active = 10
	w := serveSite(t, b, b.v4)
	idle, _ := w.visitor(t, a, 1)
	if err := idle.Page(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	v, _ := w.visitor(t, a, 1)
	visits := result(func() error { return site.AtOnce(active, func(int) error { return v.Hold(t.Context()) }) })
	eventually(t, "all visitors stay", func() bool { return w.Staying() == active })

	ended := result(func() error { return w.Shutdown(t.Context()) })
	if err := await(t, "Serve", w.served); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve returned %v", err)
	}
	if _, err := a.DialTCP(t.Context(), netip.AddrPort{}, addrPort(b, 80), nil); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial after the listener was closed: %v", err)
	}
	eventually(t, "the idle connection is closed", func() bool { return w.open.Load() == active })
	select {
	case err := <-ended:
		t.Fatalf("Shutdown did not wait: %v", err)
	default:
	}
	w.Release()
	if err := await(t, "visits", visits); err != nil {
		t.Errorf("visits during Shutdown: %v", err)
	}
	if err := await(t, "Shutdown", ended); err != nil {
		t.Error(err)
	}
}

// testShutdownTooLong gives up on visitors who stay, and then serves on the same port again.
func testShutdownTooLong(t *testing.T, a, b *host) {
	w := serveSite(t, b, b.v4)
	v, _ := w.visitor(t, a, 1)
	visit := result(func() error { return v.Hold(t.Context()) })
	eventually(t, "the visitor stays", func() bool { return w.Staying() == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := w.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	if err := w.Server.Close(); err != nil {
		t.Error(err)
	}
	if err := await(t, "the visit", visit); err == nil {
		t.Error("a visit was answered after Close")
	}
	eventually(t, "the handler is told", func() bool { return w.Staying() == 0 })

	next := serveSite(t, b, b.v4)
	v, _ = next.visitor(t, a, 1)
	if err := v.Page(t.Context(), 1, 100); err != nil {
		t.Errorf("the next server: %v", err)
	}
}
