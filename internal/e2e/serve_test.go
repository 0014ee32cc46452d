// Package e2e tests the whole: a primary and secondaries as processes, real packets, a kernel peer.
package e2e

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const (
	httpd = "ringstack/examples/httpd"
	echo  = "ringstack/examples/echo"
)

// browser returns a client in the namespace; each of its requests opens a connection.
func browser(e *testenv.Env) *http.Client {
	return &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{DialContext: e.DialContext, DisableKeepAlives: true},
	}
}

func get(c *http.Client, host string) (string, error) {
	reply, err := c.Get("http://" + net.JoinHostPort(host, "80") + "/")
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	return strings.TrimSpace(string(body)), err
}

func TestTwoSecondariesShareAPort(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(httpd)
	e.Secondary(httpd)
	tool := e.Tool()
	testenv.Eventually(t, 5*time.Second, "buckets have moved to the second", func() bool {
		return testenv.Stats(t, tool)["dispatch.moving_buckets"] == 0
	})
	for _, host := range []string{testenv.Stack4, testenv.Stack6} {
		answers := make(map[string]int)
		client := browser(e)
		for range 60 {
			body, err := get(client, host)
			if err != nil {
				t.Fatal(err)
			}
			answers[body]++
		}
		t.Log(host, answers)
		if answers["hello from proc 0"] < 10 || answers["hello from proc 1"] < 10 {
			t.Errorf("%s: 60 connections were spread as %v", host, answers)
		}
	}
}
