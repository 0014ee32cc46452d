package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"ringstack/msg"
)

// checkPatience is how long the primary's program may take to check its configuration.
const checkPatience = 10 * time.Second

// checkPrimary has the primary's program, which may be another one by now, say what it speaks, since secondaries that do not speak that
// cannot come back to it, and check the configuration.
func (s *Supervisor) checkPrimary(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	said, err := s.askProgram(ctx, "--version")
	if err != nil {
		return err
	}
	if want := fmt.Sprintf(", protocol %d, ", msg.Version); !strings.Contains(said, want) {
		return fmt.Errorf("the new program says %q, but the processes that run speak protocol %d: stop all, and start with programs of one release",
			strings.TrimSpace(said), msg.Version)
	}
	_, err = s.askProgram(ctx, "--check-config")
	return err
}

// askProgram runs the primary's program with one more flag and returns its output, or what it complains of.
func (s *Supervisor) askProgram(ctx context.Context, flag string) (string, error) {
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, s.cfg.Primary[0], slices.Concat(s.cfg.Primary[1:], []string{flag})...)
	cmd.Stderr = &complaint
	said, err := cmd.Output()
	if errors.As(err, new(*exec.ExitError)) && complaint.Len() > 0 {
		return "", errors.New(firstMistake(complaint.String()))
	}
	return string(said), err
}

// firstMistake returns the first line of what --check-config has said that is no warning, and how many more there are.
func firstMistake(said string) string {
	var mistakes []string
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "warning:") {
			mistakes = append(mistakes, strings.TrimPrefix(line, "ff-primary: "))
		}
	}
	switch len(mistakes) {
	case 0:
		return "its configuration is refused"
	case 1:
		return mistakes[0]
	}
	return fmt.Sprintf("%s (and %d more: ff-primary --check-config shows them)", mistakes[0], len(mistakes)-1)
}

// checkSecondary looks whether a secondary's program can be started, and come to be live.
func (s *Supervisor) checkSecondary(command string) checker {
	return func(context.Context) error {
		if st, _ := s.primary().look(); st.state != stateLive {
			return fmt.Errorf("the primary is %v, not live (ff start primary)", st.state)
		}
		if err := checkExecutable(command); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
		return nil
	}
}
