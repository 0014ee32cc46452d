package secondary

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"ringstack/msg"
)

// What a supervisor tells a program that it starts, see Config.
const (
	socketEnv = "FF_SOCKET"
	groupEnv  = "FF_GROUP"
	procEnv   = "FF_PROC"
)

// fill gives the fields that are not set their values from the environment, or their defaults.
func (c *Config) fill() error {
	c.Program = cmp.Or(c.Program, filepath.Base(os.Args[0]))
	c.FilePrefix = cmp.Or(c.FilePrefix, "ringstack")
	c.Socket = cmp.Or(c.Socket, os.Getenv(socketEnv), msg.DefaultSocket(c.FilePrefix))
	c.Group = cmp.Or(c.Group, os.Getenv(groupEnv))
	if proc := os.Getenv(procEnv); proc != "" && c.Proc == nil {
		id, err := strconv.ParseUint(proc, 10, 31)
		if err != nil {
			return fmt.Errorf("%s=%s: want a proc id, a number from 0 on", procEnv, proc)
		}
		c.Proc = new(int(id))
	}
	return nil
}
