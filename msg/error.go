package msg

import (
	"encoding/json"
	"errors"
	"fmt"
	"syscall"
)

// Error is a refusal by the other side. errors.Is sees its errno.
type Error struct {
	Errno syscall.Errno
	Text  string
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns the errno.
func (e *Error) Unwrap() error { return e.Errno }

// Errorf makes an Error with a text for the reader at the other side.
func Errorf(errno syscall.Errno, format string, args ...any) *Error {
	return &Error{errno, fmt.Sprintf(format, args...)}
}

// ErrorReply is the payload of a reply whose status is not 0.
type ErrorReply struct {
	Error string `json:"error"`
}

// encodeError gives the status and payload that carry err; an error without an errno becomes EIO.
func encodeError(err error) (int32, []byte) {
	errno := syscall.EIO
	errors.As(err, &errno)
	text, _ := json.Marshal(ErrorReply{err.Error()}) // a string always marshals
	return int32(errno), text
}

func decodeError(status int32, payload []byte) error {
	var reply ErrorReply
	if json.Unmarshal(payload, &reply) != nil || reply.Error == "" {
		reply.Error = syscall.Errno(status).Error()
	}
	return &Error{syscall.Errno(status), reply.Error}
}
