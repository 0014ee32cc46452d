package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringstack/internal/site"
	"ringstack/internal/testenv"
)

// curlTLS has curl fetch and hand in pages over TLS, and checks what it says about the connections.
func curlTLS(t *testing.T, e *testenv.Env, id identity) {
	const size, pages = 3<<20 + 1, 4
	for _, ip := range []string{testenv.Stack4, testenv.Stack6} {
		for option, version := range map[string]string{"--http1.1": "1.1", "--http2": "2"} {
			t.Run(ip+option, func(t *testing.T) {
				dir := t.TempDir()
				url := func(seed int) string {
					return "https://" + net.JoinHostPort(ip, "443") + site.PagePath(uint64(seed), size)
				}
				args := []string{"-sS", "--fail", "--max-time", "30", "--cacert", id.certificate, option,
					"-w", "%{http_version} %{ssl_verify_result} %{num_connects}\n"}
				fetch := args
				for seed := range pages {
					fetch = append(fetch, "-o", filepath.Join(dir, fmt.Sprint(seed)), url(seed))
				}
				want := version + " 0 1\n" + strings.Repeat(version+" 0 0\n", pages-1) // one connection for all
				if got := run(t, e, "curl", fetch...); got != want {
					t.Errorf("curl says %q, want %q", got, want)
				}
				handIn := append(args, "-o", "/dev/null")
				for seed := range pages {
					name := filepath.Join(dir, fmt.Sprint(seed))
					wantFile(t, name, uint64(seed), size)
					handIn = append(handIn, "-T", name, url(seed))
				}
				if got := run(t, e, "curl", append(handIn, "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null")...); got != want {
					t.Errorf("curl says %q of uploads, want %q", got, want)
				}
			})
		}
	}
}

// wantFile checks that a file is a page.
func wantFile(t *testing.T, name string, seed uint64, size int64) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := site.Check(file, seed, size); err != nil {
		t.Error(err)
	}
}
