package main

import (
	"context"

	"github.com/rs/zerolog"

	"ringstack/internal/notify"
)

// openManager finds the service manager, which may be nobody. Without one that can be reached, the
// service is served all the same.
func openManager(log zerolog.Logger) *notify.Manager {
	manager, err := notify.Open()
	if err != nil {
		log.Warn().Err(err).Msg("service manager")
		return new(notify.Manager)
	}
	return manager
}

// announce tells the manager that the service is ready, that it is alive while isAlive says so, and,
// once ctx is done, that it stops.
func announce(ctx context.Context, manager *notify.Manager, log zerolog.Logger, isAlive func() bool) {
	send := func(state string) {
		if err := manager.Send(state); err != nil {
			log.Warn().Err(err).Msg("service manager")
		}
	}
	send(notify.Ready)
	context.AfterFunc(ctx, func() { send(notify.Stopping) })
	go manager.KeepAlive(ctx, isAlive)
}
