package site

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"

	"golang.org/x/net/websocket"
)

// message is a WebSocket message.
type message struct {
	kind byte // websocket.TextFrame or BinaryFrame
	data []byte
}

var messages = websocket.Codec{
	Marshal: func(v any) ([]byte, byte, error) {
		m := v.(message)
		return m.data, m.kind, nil
	},
	Unmarshal: func(data []byte, kind byte, v any) error {
		*v.(*message) = message{kind, data}
		return nil
	},
}

// socket sends back each message.
var socket = websocket.Server{Handler: func(c *websocket.Conn) {
	var m message
	for messages.Receive(c, &m) == nil && messages.Send(c, m) == nil {
	}
}}

// Chat makes a connection to the host of url, "ws://..." or "wss://...", a WebSocket, and has messages of many sizes come back:
// one after another, and then all while they are still being sent. At the end it says goodbye.
func Chat(c net.Conn, url string) error {
	config, err := websocket.NewConfig(url+"/socket", "http://visitor")
	if err != nil {
		return err
	}
	ws, err := websocket.NewClient(config, c)
	if err != nil {
		return fmt.Errorf("open WebSocket: %w", err)
	}
	defer ws.Close()
	if err := errors.Join(takeTurns(ws), talkAtOnce(ws), ws.WriteClose(1000)); err != nil {
		return err
	}
	var m message
	if err := messages.Receive(ws, &m); err != io.EOF {
		return fmt.Errorf("after goodbye: %w", err)
	}
	return nil
}

// talk is the conversation: RFC 6455 section 5.2 has three forms of the length, whose limits are among the sizes.
func talk() (all []message) {
	for i, size := range []int{0, 1, 125, 126, 1459, 1461, 65535, 65536, 300_000} {
		data, _ := io.ReadAll(Noise(uint64(i), int64(size))) // never fails
		all = append(all, message{websocket.BinaryFrame, data})
	}
	return append(all, message{websocket.TextFrame, []byte("Grüße")})
}

func takeTurns(ws *websocket.Conn) error {
	for _, m := range talk() {
		if err := messages.Send(ws, m); err != nil {
			return err
		}
		if err := wantMessage(ws, m); err != nil {
			return err
		}
	}
	return nil
}

func talkAtOnce(ws *websocket.Conn) error {
	sent := make(chan error, 1)
	go func() {
		for _, m := range talk() {
			if err := messages.Send(ws, m); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for _, m := range talk() {
		if err := wantMessage(ws, m); err != nil {
			return err
		}
	}
	return <-sent
}

func wantMessage(ws *websocket.Conn, want message) error {
	var got message
	if err := messages.Receive(ws, &got); err != nil {
		return fmt.Errorf("receive a message of %d bytes: %w", len(want.data), err)
	}
	if got.kind != want.kind || !bytes.Equal(got.data, want.data) {
		return fmt.Errorf("a message of kind %d and %d bytes came back as kind %d and %d bytes, or others",
			want.kind, len(want.data), got.kind, len(got.data))
	}
	return nil
}
