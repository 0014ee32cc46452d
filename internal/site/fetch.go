package site

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
)

// Fetch fetches a page over a connection and checks it. in reads from c, and stays for the next Fetch.
func Fetch(c net.Conn, in *bufio.Reader, seed uint64, size int64) error {
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: site\r\n\r\n", PagePath(seed, size)); err != nil {
		return err
	}
	reply, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	return Check(reply.Body, seed, size)
}
