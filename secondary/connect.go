package secondary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"ringstack/msg"
)

// Pauses between two looks for the primary.
const (
	minRetry = 20 * time.Millisecond
	maxRetry = 500 * time.Millisecond
)

// dial says hello to the primary, and waits for it while there is none.
func dial(ctx context.Context, socket string, hello msg.Hello) (*msg.Client, msg.Message, error) {
	for pause := minRetry; ; pause = min(2*pause, maxRetry) {
		client, reply, err := msg.Dial(ctx, socket, hello)
		switch {
		case err == nil:
			return client, reply, nil
		case errors.Is(err, syscall.EACCES):
			return nil, reply, fmt.Errorf("%w: this user may not use %s: run as a member of its group (socket_group in config.ini)", err, socket)
		case ctx.Err() == nil && !absent(err):
			return nil, reply, err
		}
		select {
		case <-ctx.Done():
			return nil, reply, fmt.Errorf("no primary answers at %s: start ff-primary, or name its socket: %w", socket, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// absent reports whether err says that there is no primary, or one that is just going.
func absent(err error) bool {
	for _, sign := range []error{syscall.ENOENT, syscall.ECONNREFUSED, syscall.ESHUTDOWN, io.EOF} {
		if errors.Is(err, sign) {
			return true
		}
	}
	return false
}
