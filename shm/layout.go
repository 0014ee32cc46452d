package shm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrLayout is returned by CheckLayout.
var ErrLayout = errors.New("memory layout differs")

// CheckLayout compares what the C compiler says of DPDK's structs (cgo.Layout) with what this
// package was built for, and names every difference.
func CheckLayout(c map[string]uint64) error {
	var wrong []string
	for name, want := range layout {
		if got, ok := c[name]; !ok {
			wrong = append(wrong, name+" unknown")
		} else if got != want {
			wrong = append(wrong, fmt.Sprintf("%s is %d, not %d", name, got, want))
		}
	}
	if wrong == nil {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("%w: %s", ErrLayout, strings.Join(wrong, ", "))
}
