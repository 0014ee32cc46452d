package e2e

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/secondary"
)

// fileSizes are what curl fetches and hands in, in bytes: around a segment, a window, and more.
var fileSizes = []int{0, 1, 1447, 1448, 1449, 65535, 65536, 1 << 20, 8 << 20}

// file is the content of the file of a size.
func file(size int) []byte {
	b := make([]byte, size)
	newStream(uint64(size)).Read(b)
	return b
}

// serveFiles answers GET /size with a file and PUT with the hash of what it was given, on port 80 of the stack.
func serveFiles(t *testing.T, s *secondary.Secondary) {
	t.Helper()
	l, err := s.Listen("tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(serveFile)}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
}

func serveFile(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		hash := sha256.New()
		if _, err := io.Copy(hash, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%x", hash.Sum(nil))
		return
	}
	size, err := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(size))
	w.Write(file(size))
}

// curl runs curl in the namespace, where the name "stack" has both addresses of the stack.
func curl(t *testing.T, e *testenv.Env, args ...string) string {
	t.Helper()
	args = append([]string{
		"-sS", "--fail", "--max-time", "30",
		"--resolve", "stack:80:" + testenv.Stack4 + "," + testenv.Stack6,
	}, args...)
	return run(t, e, "curl", args...)
}

func TestCurl(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	curlFiles(t, e, fileSizes)
}

func TestCurlOverABadLink(t *testing.T) {
	e := testenv.New(t, testenv.Config{Relay: &badLink})
	curlFiles(t, e, []int{0, 1, 1449, 65536, 1 << 20})
}

func curlFiles(t *testing.T, e *testenv.Env, sizes []int) {
	serveFiles(t, attach(t, e, ""))
	for _, version := range []string{"-4", "-6"} {
		for _, protocol := range []string{"--http1.1", "--http1.0"} { // one connection for all files; one for each
			t.Run(version+protocol, func(t *testing.T) { fetch(t, e, sizes, version, protocol) })
		}
		t.Run(version+" upload", func(t *testing.T) { handIn(t, e, sizes, version) })
	}
}

// fetch gets all files with one curl.
func fetch(t *testing.T, e *testenv.Env, sizes []int, version, protocol string) {
	dir := t.TempDir()
	args := []string{version, protocol, "-w", "%{num_connects} %{remote_ip}\n"}
	for _, size := range sizes {
		args = append(args, "-o", filepath.Join(dir, strconv.Itoa(size)), "http://stack/"+strconv.Itoa(size))
	}
	start := time.Now()
	lines := strings.Fields(curl(t, e, args...))
	total, connects := flow{took: time.Since(start)}, 0
	for i, size := range sizes {
		got, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(size)))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(file(size)) {
			t.Errorf("%d bytes: %d others came", size, len(got))
		}
		total.bytes += int64(len(got))
		if n, _ := strconv.Atoi(lines[2*i]); n > 0 {
			connects += n
		}
		if ip := net.ParseIP(lines[2*i+1]); (ip.To4() != nil) != (version == "-4") {
			t.Errorf("%s: fetched from %s", version, ip)
		}
	}
	want := 1
	if protocol == "--http1.0" {
		want = len(sizes)
	}
	if connects != want {
		t.Errorf("%d connections for %d files, want %d", connects, len(sizes), want)
	}
	t.Log(total)
}

// handIn uploads all files.
func handIn(t *testing.T, e *testenv.Env, sizes []int, version string) {
	name := filepath.Join(t.TempDir(), "file")
	for _, size := range sizes {
		if err := os.WriteFile(name, file(size), 0o600); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%x", sha256.Sum256(file(size)))
		if got := curl(t, e, version, "-T", name, "http://stack/"); got != want {
			t.Errorf("%d bytes: the stack had %s, want %s", size, got, want)
		}
	}
}
