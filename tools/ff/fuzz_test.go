package main

import (
	"strings"
	"testing"
	"unicode"

	"ringstack/msg"
)

// fuzzCommands are commands that end by themselves.
var fuzzCommands = []string{
	"ps", "ps -p 0", "ps --json", "stats", "stats --json", "sysctl -a", "sysctl kern.x=1", "sysctl --json kern.x",
	"top -n 1 -d 0.001", "top -n 1 -d 0.001 --json", "traffic -s", "traffic -s --json", "traffic -n 1 -d 0.001 -p 1",
}

// FuzzReply gives ff whatever a primary may answer: a refusal, a payload, or a frame that is none. Nothing of it must reach the terminal as a
// control character.
func FuzzReply(f *testing.F) {
	for i := range fuzzCommands {
		f.Add(uint8(i), int32(0), []byte(`[{"proc_id":0,"loops":1}]`))
		f.Add(uint8(i), int32(0), []byte(`{"procs":[{"proc_id":-1,"program":"\u001b[2J"}],"values":{"0":"\u0007"}}`))
		f.Add(uint8(i), int32(3), []byte(`{"error":"\u009b31m"}`))
		f.Add(uint8(i), int32(-1), []byte{0, 1, 2})
	}
	f.Fuzz(func(t *testing.T, command uint8, status int32, payload []byte) {
		answer := answerFunc(func(m msg.Message) any {
			if status == -1 {
				return rawFrame(payload)
			}
			b := make([]byte, msg.HeaderSize)
			msg.Header{ID: m.ID, Kind: m.Kind, Status: status, Len: uint32(len(payload))}.Put(b)
			return rawFrame(append(b, payload...))
		})
		all := answers{
			msg.KindPs: answer, msg.KindTop: answer, msg.KindTraffic: answer, msg.KindStats: answer, msg.KindSysctl: answer,
		}
		args := strings.Fields(fuzzCommands[int(command)%len(fuzzCommands)])
		r := ff(t, fakePrimary(t, all), append(args, "--timeout", "1s")...)
		for _, c := range r.out + r.errOut {
			if unicode.IsControl(c) && c != '\n' {
				t.Fatalf("%q is printed: %q, %q", c, r.out, r.errOut)
			}
		}
		if r.code != 0 && r.errOut == "" {
			t.Errorf("exit %d without a word", r.code)
		}
	})
}
