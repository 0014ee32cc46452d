package secondary

import (
	"context"
	"os"
	"syscall"
)

// Errors as package net has them: one net.OpError around what went wrong, a failed system call named as the kernel's would be.

// timeoutError is what package net makes of context.DeadlineExceeded.
type timeoutError struct{}

func (timeoutError) Error() string        { return "i/o timeout" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Temporary() bool      { return true }
func (timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// canceledError is what package net makes of context.Canceled.
type canceledError struct{}

func (canceledError) Error() string        { return "operation was canceled" }
func (canceledError) Is(target error) bool { return target == context.Canceled }

// contextError returns the error of a context, and any other, as package net words it.
func contextError(err error) error {
	switch err {
	case context.DeadlineExceeded:
		return timeoutError{}
	case context.Canceled:
		return canceledError{}
	}
	return err
}

// callError names the system call that the kernel would have failed with an errno.
func callError(call string, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		return os.NewSyscallError(call, errno)
	}
	return contextError(err)
}
