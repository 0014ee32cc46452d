package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/rs/zerolog"

	"ringstack/internal/config"
	"ringstack/internal/notify"
	"ringstack/primary/supervise"
)

// runSupervisor keeps this program running as the primary, and the secondaries of the configuration.
// Warnings about that are left to the primary.
func runSupervisor(ctx context.Context, o options, manager *notify.Manager, log zerolog.Logger) error {
	path, err := config.Find(o.conf)
	if err != nil {
		return err
	}
	cfg, _, err := config.Load(path)
	if err != nil {
		return err
	}
	command, err := o.primaryCommand(path)
	if err != nil {
		return err
	}
	log = log.With().Str("component", "supervisor").Logger()
	s, err := supervise.New(supervise.Config{
		Config: cfg, Primary: command, Takeover: o.takeover, Log: log,
		Ready: func() { announce(ctx, manager, log, func() bool { return true }) },
	})
	if err != nil {
		return err
	}
	defer outliveTerminal(log)()
	return s.Run(ctx)
}

// primaryCommand returns the command line that runs this program as the primary. The program is found
// by its path each time, so that an upgrade takes effect when the primary is restarted.
func (o *options) primaryCommand(conf string) ([]string, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if conf, err = filepath.Abs(conf); err != nil {
		return nil, err
	}
	command := []string{program, "--conf", conf, "--log-level", o.logLevel.String()}
	if o.noHuge {
		command = append(command, "--no-huge")
	}
	if o.logJSON {
		command = append(command, "--log-json")
	}
	return command, nil
}

// outliveTerminal makes SIGHUP a line in the log, until the returned function is called. It is not
// ignored, as what is ignored stays so in all processes that are started.
func outliveTerminal(log zerolog.Logger) (undo func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			log.Info().Msg("SIGHUP changes nothing: ff restart NAME restarts a process; [proc.NAME] is read when the supervisor starts")
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
	}
}
