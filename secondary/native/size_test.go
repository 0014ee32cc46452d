package native

import (
	"io"
	"runtime"
	"testing"

	"ringstack/secondary/enginetest"
)

// An idle connection, that has carried a request, needs at most 1 KB: in the engine and here, without the application's goroutine.
func TestIdleConnectionIsSmall(t *testing.T) {
	const n = 4000
	w := enginetest.NewWire(t, New)
	before := heap()
	clients, servers := w.Connect(t, n)
	buf := make([]byte, 64)
	for i := range clients {
		if _, err := clients[i].Write(buf); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(servers[i], buf); err != nil {
			t.Fatal(err)
		}
	}
	if each := (heap() - before) / (2 * n); each > 1024 {
		t.Errorf("%d bytes a connection", each)
	} else {
		t.Logf("%d bytes a connection", each)
	}
	runtime.KeepAlive(clients)
	runtime.KeepAlive(servers)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // the second empties the pools
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
