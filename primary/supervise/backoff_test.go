package supervise

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	const ms = time.Millisecond
	var b backoff
	for i, c := range []struct{ lived, want time.Duration }{
		{0, 100 * ms}, {9999 * ms, 200 * ms}, {0, 400 * ms}, {0, 800 * ms}, {0, 1600 * ms}, {0, 3200 * ms},
		{0, 6400 * ms}, {0, 10000 * ms}, {0, 10000 * ms},
		{10000 * ms, 0}, {0, 100 * ms}, {0, 200 * ms}, {time.Hour, 0}, {time.Hour, 0},
	} {
		if got := b.next(c.lived); got != c.want {
			t.Errorf("%d: pause %v after %v, want %v", i, got, c.lived, c.want)
		}
	}
}
