package uds

import (
	"errors"
	"syscall"
	"testing"
)

func TestVisitors(t *testing.T) {
	v := NewVisitors(4)
	for i, c := range []struct {
		uid  int
		full string
	}{
		{1, ""}, {1, ""}, {1, "uid 1 has all of its 2 connections: try again when one has ended"},
		{2, ""}, {3, ""}, {4, "the control socket has all of its 4 connections: try again when one has ended"},
	} {
		err := v.Enter(c.uid)
		if (err == nil) != (c.full == "") || err != nil && (err.Error() != c.full || !errors.Is(err, syscall.EUSERS)) {
			t.Errorf("%d: uid %d: %v, want %q", i, c.uid, err, c.full)
		}
	}
	v.Leave(1)
	if err := v.Enter(4); err != nil {
		t.Error(err)
	}
	for _, uid := range []int{1, 2, 3, 4} {
		v.Leave(uid)
	}
	if v.all != 0 || len(v.of) != 0 {
		t.Errorf("%d are counted, %v", v.all, v.of)
	}
}
