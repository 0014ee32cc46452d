package site

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
)

// maxFrame is the least that HTTP/2 allows for SETTINGS_MAX_FRAME_SIZE (RFC 9113 section 6.5.2), with which h2spec reckons.
const maxFrame = 16 << 10

// Server returns a server that speaks HTTP/1.1 and HTTP/2, in the clear and with a certificate. What visitors do wrong
// is not logged.
func Server(h http.Handler, pair tls.Certificate) *http.Server {
	s := &http.Server{
		Handler: h, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}, Protocols: new(http.Protocols),
		HTTP2: &http.HTTP2Config{MaxReadFrameSize: maxFrame}, ErrorLog: log.New(io.Discard, "", 0),
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	return s
}
