package site

import (
	"errors"
	"sync"
)

// AtOnce calls f(0) to f(n-1), each on a goroutine of its own, and returns all their errors.
func AtOnce(n int, f func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}
