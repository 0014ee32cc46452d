package enginetest

import (
	"testing"

	"ringstack/internal/site"
)

// pageSizes are about the borders of segments, buffers and windows.
var pageSizes = []int64{0, 1, 1447, 1449, 4096, 65535, 65537, 1 << 20, 3<<20 + 7}

// testHTTP moves pages both ways on one kept connection, and then on several at once.
func testHTTP(t *testing.T, a, b *host) {
	w := serveSite(t, b, b.v4)
	v, _ := w.visitor(t, a, 1)
	for i, size := range pageSizes {
		if err := v.Page(t.Context(), uint64(i), size); err != nil {
			t.Error(err)
		}
		for _, chunked := range []bool{false, true} {
			if err := v.Upload(t.Context(), uint64(i), size, chunked); err != nil {
				t.Error(err)
			}
		}
	}
	if n := w.opened.Load(); n != 1 {
		t.Errorf("requests one after another had %d connections, want one that is kept", n)
	}
	if err := visitAtOnce(t, v); err != nil {
		t.Error(err)
	}
}

// visitAtOnce has 32 visitors move pages both ways.
func visitAtOnce(t *testing.T, v site.Visitor) error {
	return site.AtOnce(32, func(i int) error {
		seed, size := uint64(i), int64(i*8191)
		if i%2 == 0 {
			return v.Page(t.Context(), seed, size)
		}
		return v.Upload(t.Context(), seed, size, i%4 == 1)
	})
}

// testHTTP2 moves everything on the streams of one connection.
func testHTTP2(t *testing.T, a, b *host) { testOneConnection(t, serveSecureSite(t, b, b.v6), a) }

func testHTTP2Clear(t *testing.T, a, b *host) { testOneConnection(t, serveSite(t, b, b.v4), a) }

func testOneConnection(t *testing.T, w *web, from *host) {
	v, _ := w.visitor(t, from, 2)
	for i, size := range pageSizes {
		if err := v.Page(t.Context(), uint64(i), size); err != nil {
			t.Error(err)
		}
	}
	if err := visitAtOnce(t, v); err != nil {
		t.Error(err)
	}
	if err := converse(t, v); err != nil {
		t.Error(err)
	}
	if n := w.opened.Load(); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
}

// converse has visitors talk on streams that go both ways: some message by message, some as much as they can.
func converse(t *testing.T, v site.Visitor) error {
	return site.AtOnce(12, func(i int) error {
		if i%3 == 0 {
			return v.Echo(t.Context(), uint64(i), 1<<20)
		}
		return v.Converse(t.Context(), 100)
	})
}
