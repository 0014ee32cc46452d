package main

import (
	"slices"
	"syscall"
	"testing"

	"ringstack/msg"
)

func TestDrain(t *testing.T) {
	var got [][2]int64 // proc, milliseconds
	socket := fakePrimary(t, answers{msg.KindDrain: answerFunc(func(m msg.Message) any {
		var req msg.DrainRequest
		if err := m.Decode(&req); err != nil {
			return err
		}
		got = append(got, [2]int64{int64(req.Proc), req.TimeoutMS})
		if req.Proc == 9 {
			return msg.Errorf(syscall.ESRCH, "no secondary has proc id 9")
		}
		return nil
	})})
	ff(t, socket, "drain", "-p", "1").want(t, 0, "", "")
	ff(t, socket, "drain", "--proc=2", "--timeout", "1500ms").want(t, 0, "", "")
	ff(t, socket, "drain", "-p", "3", "--timeout", "1us").want(t, 0, "", "")
	ff(t, socket, "drain", "-p", "9").want(t, 1, "", "ff: no secondary has proc id 9\n")
	if want := [][2]int64{{1, 30000}, {2, 1500}, {3, 1}, {9, 30000}}; !slices.Equal(got, want) {
		t.Errorf("asked for %v, want %v", got, want)
	}
	ff(t, socket, "drain").want(t, 2, "", "ff: name the secondary: ff ps lists them, --proc takes one; see \"ff help drain\"\n")
	ff(t, socket, "drain", "1").want(t, 2, "", "ff: unexpected argument \"1\"; see \"ff help drain\"\n")
}
