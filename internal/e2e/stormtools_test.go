package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"ringstack/internal/testenv"
)

// lookers run tools all the time, as an unprivileged user.
type lookers struct {
	*storm
	path     string
	looking  sync.WaitGroup
	stopping atomic.Bool

	mu    sync.Mutex
	looks []toolLook // that have not been judged
	done  map[string]int
	slow  time.Duration
	told  map[string]int // what tools said that failed since something was amiss
}

// toolLook is one run of a tool that has failed.
type toolLook struct {
	args     []string
	relays   bool // it asks the secondaries themselves
	from, to time.Time
	err      error
	said     string
}

func look(s *storm) *lookers {
	l := &lookers{storm: s, path: testenv.Build(s.t, "ringstack/tools/ff"), done: make(map[string]int), told: make(map[string]int)}
	for _, args := range [][]string{{"ps"}, {"top", "-n", "3", "-d", "200ms"}, {"stats"}, {"traffic", "-n", "3", "-d", "200ms"}, {"sysctl", "net.inet.tcp.stats"}} {
		l.looking.Go(func() {
			for !l.stopping.Load() {
				l.run(args)
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
	s.t.Cleanup(l.stop)
	return l
}

func (l *lookers) stop() {
	l.stopping.Store(true)
	l.looking.Wait()
}

func (l *lookers) run(args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), agendaPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, l.path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) } // it hangs: where?
	cmd.WaitDelay = agendaPatience
	cmd.Env = append(os.Environ(), "FF_SOCKET="+l.e.Socket)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: testenv.Nobody, Gid: testenv.Nobody}}
	var said bytes.Buffer
	cmd.Stderr = &said
	from := time.Now()
	err := cmd.Run()
	to := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[args[0]]++
	l.slow = max(l.slow, to.Sub(from))
	if err != nil {
		l.looks = append(l.looks, toolLook{args, args[0] == "sysctl", from, to, err, said.String()})
	}
}

var anyNumber = regexp.MustCompile(`[0-9]+`)

// judge fails the test for each failure, at least so old, of a tool while nothing was amiss.
func (l *lookers) judge(age time.Duration) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.looks) > 0 && time.Since(l.looks[0].to) >= age {
		look := l.looks[0]
		l.looks = l.looks[1:]
		if !l.helm.away.overlap(look.from, look.to) && !(look.relays && l.unrest.overlap(look.from, look.to)) {
			l.t.Errorf("ff %v, at %.3f to %.3f: %v: %s", look.args,
				look.from.Sub(l.begun).Seconds(), look.to.Sub(l.begun).Seconds(), look.err, look.said)
			continue
		}
		for line := range strings.Lines(look.said) {
			l.told[anyNumber.ReplaceAllString(strings.ReplaceAll(strings.TrimSpace(line), l.e.Socket, "SOCKET"), "N")]++
		}
	}
}
