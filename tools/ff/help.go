package main

import (
	"context"
	"fmt"
	"runtime"

	"ringstack/internal/version"
	"ringstack/msg"
)

func helpCommand() *command {
	return &command{
		name: "help", noProc: true, args: "[COMMAND]", nargs: 1,
		short: "tell about ff or one of its commands",
		run: func(_ context.Context, t *tool, args []string) error {
			if len(args) == 0 {
				t.printHelp(nil)
				return nil
			}
			cmd, err := findCommand(args[0])
			if err == nil {
				t.printHelp(cmd)
			}
			return err
		},
	}
}

// printHelp prints the help of cmd (nil: of ff).
func (t *tool) printHelp(cmd *command) {
	fs := newFlagSet(new(defaultOptions()), cmd)
	if cmd == nil {
		fmt.Fprint(t.out, "ff looks into a running ringstack: a primary and its secondaries.\n\n",
			"Usage: ff COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n")
		for _, cmd := range commands() {
			fmt.Fprintf(t.out, "  %-8s  %s\n", cmd.name, cmd.short)
		}
		fmt.Fprint(t.out, "\nFlags of all commands:\n", fs.FlagUsages(),
			"\nFF_SOCKET in the environment names another default socket than ", msg.DefaultSocket(defaultPrefix), ".\n",
			"A link named ff_top is `ff top`, and so on. `ff help COMMAND` tells more.\n")
		return
	}
	fmt.Fprintf(t.out, "Usage: ff %s [FLAGS]", cmd.name)
	if cmd.args != "" {
		fmt.Fprint(t.out, " ", cmd.args)
	}
	fmt.Fprintf(t.out, "\n\nff %s: %s.\n", cmd.name, cmd.short)
	if cmd.long != "" {
		fmt.Fprintf(t.out, "\n%s", cmd.long)
	}
	fmt.Fprint(t.out, "\nFlags:\n", fs.FlagUsages())
}

func versionCommand() *command {
	return &command{
		name: "version", noProc: true,
		short: "print the version of ff and of its protocol",
		run: func(_ context.Context, t *tool, _ []string) error {
			if t.json {
				return t.printJSON(map[string]any{"version": version.Module(), "protocol": msg.Version, "go": runtime.Version()})
			}
			fmt.Fprintf(t.out, "ff %s, protocol %d, %s\n", version.Module(), msg.Version, runtime.Version())
			return nil
		},
	}
}
