package site

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Visitor visits a site. Its methods may run side by side.
type Visitor struct {
	Client *http.Client
	URL    string // of the site: scheme and host
	Proto  int    // the major version that HTTP has to have; 0: any
}

// visit bounds each visit: some move a lot, and the race detector makes them slow.
const visit = time.Minute

// Dial is an http.Transport's DialContext.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// NewVisitor returns a visitor who speaks one version of HTTP, 1 or 2, and trusts roots. The transport is the client's.
func NewVisitor(url string, proto int, dial Dial, roots *x509.CertPool) (Visitor, *http.Transport) {
	transport := &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots}, Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(proto == 1)
	transport.Protocols.SetHTTP2(proto == 2)
	transport.Protocols.SetUnencryptedHTTP2(proto == 2)
	return Visitor{Client: &http.Client{Transport: transport, Timeout: visit}, URL: url, Proto: proto}, transport
}

// PagePath is where a page is.
func PagePath(seed uint64, size int64) string { return fmt.Sprintf("/page?"+noiseQuery, seed, size) }

// Page fetches a page and checks it.
func (v Visitor) Page(ctx context.Context, seed uint64, size int64) error {
	reply, err := v.ask(ctx, http.MethodGet, PagePath(seed, size), nil, 0)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	return Check(reply.Body, seed, size)
}

// Upload sends a page, which the site checks. With chunked it does not tell the size before.
func (v Visitor) Upload(ctx context.Context, seed uint64, size int64, chunked bool) error {
	told := size
	if chunked {
		told = -1
	}
	reply, err := v.ask(ctx, http.MethodPut, PagePath(seed, size), Noise(seed, size), told)
	if err != nil {
		return err
	}
	return reply.Body.Close()
}

// Hold stays at /hold until it is answered.
func (v Visitor) Hold(ctx context.Context) error {
	reply, err := v.ask(ctx, http.MethodGet, "/hold", nil, 0)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err == nil && string(text) != released {
		err = fmt.Errorf("held visitor was told %q", text)
	}
	return err
}

// ask makes a request that has to be answered with "200 OK". size is the body's; -1: it is not told.
func (v Visitor) ask(ctx context.Context, method, path string, body io.Reader, size int64) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, v.URL+path, body)
	if err != nil {
		return nil, err
	}
	request.ContentLength = size
	reply, err := v.Client.Do(request)
	if err != nil {
		return nil, err
	}
	if reply.StatusCode == http.StatusOK && (v.Proto == 0 || v.Proto == reply.ProtoMajor) {
		return reply, nil
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body) // as much as comes
	return nil, fmt.Errorf("%s %s: %s %s: %s", method, path, reply.Proto, reply.Status, text)
}
