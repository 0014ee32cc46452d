package main

import (
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"ringstack/msg"
)

// inTurn answers with one of replies after the other; the last stays.
func inTurn(replies ...any) answerFunc {
	var n atomic.Int64
	return func(msg.Message) any { return replies[min(int(n.Add(1)), len(replies))-1] }
}

func fastSampling(args ...string) []string { return append(args, "-d", "0.001") }

func TestTop(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTop: inTurn(
		[]msg.TopRow{{Proc: 0, Loops: 1000, Idle: 5000, Sys: 5000, Usr: 5000}, {Proc: 1, Loops: 7, Idle: 7, Sys: 7, Usr: 7}},
		// The rows come in another order; proc 2 is new.
		[]msg.TopRow{{Proc: 2, Loops: 3, Idle: 50, Sys: 25, Usr: 25}, {Proc: 1, Loops: 7, Idle: 7, Sys: 7, Usr: 7},
			{Proc: 0, Loops: 14427, Idle: 14244, Sys: 5400, Usr: 5356}},
		// Proc 1 is gone and proc 0 another process, with less of everything but idle time.
		[]msg.TopRow{{Proc: 0, Loops: 10, Idle: 30000, Sys: 10000, Usr: 0}, {Proc: 2, Loops: 5, Idle: 50, Sys: 26, Usr: 25}},
	)})
	ff(t, socket, fastSampling("top", "-n", "2")...).want(t, 0, `
|---------|---------|---------|---------|---------------|
|  proc_id|     idle|      sys|      usr|           loop|
|---------|---------|---------|---------|---------------|
|        0|   92.44%|    4.00%|    3.56%|          13427|
|        1|    0.00%|    0.00%|    0.00%|              0|
|        2|   50.00%|   25.00%|   25.00%|              3|
|    total|  142.44%|   29.00%|   28.56%|          13430|
|         |         |         |         |               |
|        0|   75.00%|   25.00%|    0.00%|             10|
|        2|    0.00%|  100.00%|    0.00%|              2|
|    total|   75.00%|  125.00%|    0.00%|             12|
|         |         |         |         |               |
`[1:], "")
}

// TestTopOfOne is the layout of F-Stack's ff_top without -P.
func TestTopOfOne(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTop: answerFunc(func(m msg.Message) any {
		var req msg.ProcRequest
		if err := m.Decode(&req); err != nil || req.Proc != 1 {
			return msg.Errorf(syscall.ESRCH, "proc %d is not attached", req.Proc)
		}
		return []msg.TopRow{{Proc: 1, Loops: 7, Idle: 7, Sys: 7, Usr: 7}}
	})})
	ffNamed(t, "ff_top", socket, fastSampling("-p1", "-n1")...).want(t, 0, `
|---------|---------|---------|---------------|
|     idle|      sys|      usr|           loop|
|---------|---------|---------|---------------|
|    0.00%|    0.00%|    0.00%|              0|
`[1:], "")
	ff(t, socket, "top", "-p", "2").want(t, 1, "", "ff: proc 2 is not attached\n")
	socket = fakePrimary(t, answers{msg.KindTop: []msg.TopRow{}})
	ff(t, socket, "top", "-p", "2").want(t, 1, "", "ff: the primary says nothing of proc 2\n")
}

// TestTopOfBusyLoop: idle time that shrinks is not a new process.
func TestTopOfBusyLoop(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTop: inTurn(
		[]msg.TopRow{{Loops: 100, Idle: 1000, Sys: 1000, Usr: 1000}},
		[]msg.TopRow{{Loops: 101, Idle: 900, Sys: 1900, Usr: 1100}},
		[]msg.TopRow{{Loops: 101, Idle: 800, Sys: 1900, Usr: 1100}}, // younger: another process
	)})
	got := ff(t, socket, fastSampling("top", "-p0", "-n2")...)
	const want = "|    0.00%|   90.00%|   10.00%|              1|\n|   21.05%|   50.00%|   28.95%|            101|\n"
	if !strings.HasSuffix(got.out, want) {
		t.Errorf("got\n%s", got.out)
	}
}

// TestTopRange is F-Stack's ff_top -p 1 -P 2.
func TestTopRange(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTop: []msg.TopRow{{Proc: 3}, {Proc: 2}, {Proc: 1}, {Proc: 0}, {Proc: -1}}})
	got := ff(t, socket, fastSampling("top", "-p1", "-P2", "-n1")...)
	if lines := strings.Split(got.out, "\n"); len(lines) != 8 || !strings.HasPrefix(lines[3], "|        1|") || !strings.HasPrefix(lines[4], "|        2|") {
		t.Errorf("got\n%s%s", got.out, got.errOut)
	}
}

func TestTopNobody(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTop: []msg.TopRow{}})
	ff(t, socket, fastSampling("top", "-n1", "--json")...).want(t, 0,
		`{"procs":[],"total":{"idle":0,"sys":0,"usr":0,"loops":0}}`+"\n", "")
	got := ff(t, socket, fastSampling("top", "-n1")...)
	if got.code != 0 || !strings.Contains(got.out, "\n|    total|    0.00%|") {
		t.Errorf("got %+v", got)
	}
}

func TestTopJSON(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTop: inTurn(
		[]msg.TopRow{},
		[]msg.TopRow{{Proc: 0, Loops: 3, Idle: 1, Sys: 1, Usr: 1}, {Proc: 1, Loops: 3, Idle: 2, Sys: 1}},
	)})
	ff(t, socket, fastSampling("top", "-n2", "--json")...).want(t, 0,
		`{"procs":[{"proc_id":0,"idle":33.33,"sys":33.33,"usr":33.33,"loops":3},{"proc_id":1,"idle":66.67,"sys":33.33,"usr":0,"loops":3}],`+
			`"total":{"idle":100,"sys":66.66,"usr":33.33,"loops":6}}`+"\n"+
			`{"procs":[{"proc_id":0,"idle":0,"sys":0,"usr":0,"loops":0},{"proc_id":1,"idle":0,"sys":0,"usr":0,"loops":0}],`+
			`"total":{"idle":0,"sys":0,"usr":0,"loops":0}}`+"\n", "")
}

func TestTopTitlesComeAgain(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTop: []msg.TopRow{{Proc: 4}}})
	got := ff(t, socket, fastSampling("top", "-p4", "-n81")...)
	if n := strings.Count(got.out, "idle"); n != 3 {
		t.Errorf("titles came %d times in 81 lines", n)
	}
}
