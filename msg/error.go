package msg

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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

// maxErrorText is the length in bytes to which the text of an error is cut, so that a refusal
// always fits one frame or message buffer, escaped as it may be.
const maxErrorText = 1024

// encodeError gives the status and payload that carry err; an error without an errno becomes EIO.
func encodeError(err error) (int32, []byte) {
	var errno syscall.Errno
	if !errors.As(err, &errno) || errno == 0 || errno > maxErrno {
		errno = syscall.EIO
	}
	text := err.Error()
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "..."
	}
	payload, _ := json.Marshal(ErrorReply{text}) // a string always marshals
	return int32(errno), payload
}

func decodeError(status int32, payload []byte) error {
	var reply ErrorReply
	if json.Unmarshal(payload, &reply) != nil || reply.Error == "" {
		reply.Error = syscall.Errno(status).Error()
	}
	return &Error{syscall.Errno(status), reply.Error}
}
