package gvisor

import (
	"syscall"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip"
)

func TestTranslate(t *testing.T) {
	for _, c := range []struct {
		err  tcpip.Error
		want error
	}{
		{nil, nil},
		{&tcpip.ErrTimeout{}, syscall.ETIMEDOUT},
		{&tcpip.ErrNetworkUnreachable{}, syscall.ENETUNREACH},
		{&tcpip.ErrConnectionAborted{}, syscall.ECONNABORTED},
		{&tcpip.ErrNoBufferSpace{}, syscall.ENOBUFS},
	} {
		if got := translate(c.err); got != c.want {
			t.Errorf("%T: %v", c.err, got)
		}
	}
	if got := translate(&tcpip.ErrEndpointBusy{}); got == nil || got.Error() == "" {
		t.Errorf("an unlisted error: %v", got)
	}
}
