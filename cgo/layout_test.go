package cgo_test

import (
	"testing"

	"ringstack/cgo"
	"ringstack/shm"
)

func TestGoAgreesWithTheCCompiler(t *testing.T) {
	layout := cgo.Layout()
	if err := shm.CheckLayout(layout); err != nil {
		t.Fatal(err)
	}
	if cgo.Headroom != shm.Headroom {
		t.Errorf("headroom is %d in C, %d in Go", cgo.Headroom, shm.Headroom)
	}
	for name := range layout {
		broken := cgo.Layout()
		broken[name]++
		if shm.CheckLayout(broken) == nil {
			t.Errorf("a wrong %s is not noticed", name)
		}
		delete(broken, name)
		if shm.CheckLayout(broken) == nil {
			t.Errorf("a missing %s is not noticed", name)
		}
	}
}
