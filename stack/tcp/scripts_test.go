package tcp

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The scripts in testdata/scripts, one file a theme. A script begins with a line "== name (source)". Each line after it is a step:
//
//	< FLAGS SEQ[:END] [ack N] [option ...]   the peer sends; numbers count from the initial sequence numbers
//	> FLAGS SEQ[:END] [ack N] [key=value ...]  that was sent, next in order; what is not named is not looked at
//	+200ms [step]   time passes; before "> ..." that long, give or take 2 ms, and silence until then
//	times N [K] < ...   N times, K added to sequence number and SACK blocks each time
//	fails ERROR call   the call returns the error
//	skip   what was sent up to now does not matter
//	config Name=value ...   fields of Config, before anything else
//	ipv6   the peers speak IPv6
//
// and the words of commands and of checks. Before any step but "> ..." and checks nothing may have been sent that is not expected:
// silence is tested everywhere. Flags are FSRAUEC; PSH is not looked at. A peer's options are win mss ws sackok ts[=value] sack=a:b,c:d ecr=ms nots ce
// ect; of ours, win mss ws sackok ts=<echo> sack ecn can be looked at. Sequence numbers of the peers wrap at 600.
func TestScripts(t *testing.T) {
	files, _ := filepath.Glob("testdata/scripts/*.txt")
	n := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		theme := strings.TrimSuffix(filepath.Base(file), ".txt")
		for _, text := range strings.Split("\n"+string(b), "\n== ")[1:] {
			name, body, _ := strings.Cut(text, "\n")
			n++
			t.Run(theme+"/"+name, func(t *testing.T) { newScript(t).play(body) })
		}
	}
	t.Logf("%d scripts", n)
	if n < 150 {
		t.Errorf("%d scripts: some are missing", n)
	}
}

func (s *script) play(body string) {
	for i, line := range strings.Split(body, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) > 0 {
			s.stepLine(i+1, strings.TrimSpace(line), words)
		}
	}
	s.silent()
}

func (s *script) stepLine(n int, line string, words []string) {
	defer func() {
		if s.Failed() {
			s.Logf("step %d: %s (at %v)", n, line, s.now)
		}
	}()
	s.do(words)
	if s.tcp == nil {
		return
	}
	if err := s.tcp.invariants(); err != nil {
		s.Fatal(err)
	}
}

func (s *script) silent() {
	if len(s.wire) > 0 {
		s.Fatalf("sent %q %v, not expected", s.describe(&s.wire[0]), s.details(&s.wire[0]))
	}
}

func (s *script) do(words []string) {
	switch words[0] {
	case "config":
		s.fill(&s.cfg, words[1:])
		return
	case "ipv6":
		s.us, s.them = [16]byte{0: 0xfd, 15: 1}, [16]byte{0: 0xfd, 15: 2}
		return
	}
	s.start()
	if check, ok := checks[words[0]]; ok {
		check(s, words[1:])
		return
	}
	if words[0][0] == '+' {
		s.silent()
		s.wait(s.duration(words[0][1:]), words[1:])
		return
	}
	switch words[0] {
	case ">":
		s.expect(words[1:])
	case "<":
		s.silent()
		s.inject(words[1:])
	case "skip":
		s.wire = nil
	case "times":
		s.silent()
		s.times(words[1:])
	case "fails":
		s.call(words[2:], s.errno(words[1]))
	default:
		s.call(words, 0)
	}
}

// slack is how exactly a segment has to be in time.
const slack = 2 * time.Millisecond

func (s *script) wait(d time.Duration, then []string) {
	if len(then) == 0 || then[0] != ">" {
		s.run(d, false)
		if len(then) > 0 {
			s.do(then)
		}
		return
	}
	begin := s.now
	s.run(d+slack, true)
	if len(s.wire) > 0 && s.now < begin+d-slack {
		s.Fatalf("sent %q after %v", s.describe(&s.wire[0]), s.now-begin)
	}
	s.expect(then[1:])
}

func (s *script) times(words []string) {
	n, by := s.number(words[0]), uint32(0)
	if words[1] != "<" {
		by = s.number(words[1])
		words = words[1:]
	}
	for range n {
		s.inject(words[2:])
		s.step += by
	}
	s.step = 0
}

func (s *script) call(words []string, want syscall.Errno) {
	s.silent()
	command, ok := commands[words[0]]
	if !ok {
		s.Fatalf("unknown step")
	}
	if err := command(s, words[1:]); err != want {
		s.Fatalf("error %v", err)
	}
	s.tcp.Flush(s.now)
}
