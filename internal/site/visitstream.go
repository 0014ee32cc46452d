package site

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Events takes n events, checks that they come in order, and leaves.
func (v Visitor) Events(ctx context.Context, n int) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	reply, err := v.ask(ctx, http.MethodGet, "/events", nil, 0)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	in := bufio.NewReader(reply.Body)
	for want := range n {
		var id, data int
		if _, err := fmt.Fscanf(in, event, &id, &data); err != nil {
			return fmt.Errorf("event %d: %w", want, err)
		}
		if id != want || data != id*id {
			return fmt.Errorf("event %d has id %d and data %d", want, id, data)
		}
	}
	return nil
}

// Echo has size bytes come back while they are still being sent.
func (v Visitor) Echo(ctx context.Context, seed uint64, size int64) error {
	reply, err := v.ask(ctx, http.MethodPost, "/echo", io.NopCloser(Noise(seed, size)), -1)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if err := Check(reply.Body, seed, size); err != nil {
		return err
	}
	return wantEchoed(reply, size)
}

// Converse sends n messages on one stream, each when the one before has come back, and then ends its own side.
func (v Visitor) Converse(ctx context.Context, n int) error {
	body, send := io.Pipe()
	defer send.Close()
	reply, err := v.ask(ctx, http.MethodPost, "/echo", body, -1)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	total := int64(0)
	for i := range n {
		size := int64(1 + i*31%5000)
		total += size
		if _, err := io.Copy(send, Noise(uint64(i), size)); err != nil {
			return fmt.Errorf("send message %d: %w", i, err)
		}
		if err := Check(io.LimitReader(reply.Body, size), uint64(i), size); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	send.Close()
	if rest, err := io.ReadAll(reply.Body); len(rest) > 0 || err != nil {
		return fmt.Errorf("after the conversation: %d bytes, %w", len(rest), err)
	}
	return wantEchoed(reply, total)
}

// wantEchoed checks the trailer of a reply that has been read.
func wantEchoed(reply *http.Response, size int64) error {
	if got := reply.Trailer.Get(echoed); got != strconv.FormatInt(size, 10) {
		return fmt.Errorf("the trailer tells of %q bytes, want %d", got, size)
	}
	return nil
}
