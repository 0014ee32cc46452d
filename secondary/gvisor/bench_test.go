package gvisor

import (
	"fmt"
	"testing"

	"ringstack/secondary/enginetest"
)

func BenchmarkRequestResponse(b *testing.B) {
	for _, n := range []int{1, 50, 1000} {
		b.Run(fmt.Sprintf("connections=%d", n), func(b *testing.B) { enginetest.RequestResponse(b, New, n) })
	}
}
