package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// checkPatience is how long the primary's program may take to check its configuration.
const checkPatience = 10 * time.Second

// checkPrimary has the primary's program, which may be another one by now, check the configuration.
func (s *Supervisor) checkPrimary(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, s.cfg.Primary[0], append(s.cfg.Primary[1:], "--check-config")...)
	cmd.Stderr = &said
	err := cmd.Run()
	if errors.As(err, new(*exec.ExitError)) && said.Len() > 0 {
		return errors.New(firstMistake(said.String()))
	}
	return err
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
		if st, _ := s.groups[0].keepers[0].look(); st.state != stateLive {
			return fmt.Errorf("the primary is %v, not live (ff start primary)", st.state)
		}
		if err := checkExecutable(command); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
		return nil
	}
}
