package supervise

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// How ports are looked for.
const (
	portPause    = 20 * time.Millisecond // between two looks
	portPatience = 10 * time.Second
)

// portsBefore returns the ports of a process that is to be restarted. While the primary does not know it, as when it has been restarted itself, it
// waits; what is not known then does not count.
func (k *keeper) portsBefore(ctx context.Context, c *child) (ports []string) {
	if k.ports == nil || c == nil || !k.serves() {
		return nil
	}
	for deadline := time.Now().Add(k.waitPorts); time.Now().Before(deadline); {
		if ports, known := k.ports(c); known {
			return ports
		}
		select {
		case <-c.ended:
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(portPause):
		}
	}
	k.log.Warn().Int("pid", c.pid).Msg("the primary does not know it: its ports are not waited for")
	return nil
}

// awaitPorts waits until a live process listens on the ports that there were before. One that has come to listen on some of them only is thought to
// be another version; one without any has failed.
func (k *keeper) awaitPorts(ctx context.Context, c *child, had []string) error {
	if len(had) == 0 {
		return nil
	}
	for deadline := time.Now().Add(k.waitPorts); ; {
		ports, _ := k.ports(c)
		missing := slices.DeleteFunc(slices.Clone(had), func(port string) bool { return slices.Contains(ports, port) })
		late := time.Now().After(deadline)
		switch {
		case len(missing) == 0:
			return nil
		case late && len(missing) < len(had):
			k.log.Warn().Int("pid", c.pid).Strs("missing", missing).Msg("it does not listen on all the ports that there were before")
			return nil
		case late:
			return fmt.Errorf("does not listen on %s, as there was before", strings.Join(had, ", "))
		}
		select {
		case <-c.ended:
			return fmt.Errorf("ended before it listened on %s: %s", strings.Join(missing, ", "), c.end)
		case <-ctx.Done():
			return errGivenUp
		case <-time.After(portPause):
		}
	}
}
