package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ringstack/internal/testenv"
)

// TestPrimaryRefusesBadInput starts primaries that cannot work, beside one that serves: each says in
// one line what is wrong and what to do, leaves nothing behind and disturbs nobody.
func TestPrimaryRefusesBadInput(t *testing.T) {
	good := testenv.New(t, testenv.Config{})
	good.Secondary(httpd)
	traffic := newLoad(t, good, 1, 1)
	traffic.wantMore(t, 10)

	bad := testenv.Network(t, testenv.Config{})
	for _, c := range []struct {
		name, old, new string // what to change in a good configuration
		want           []string
	}{
		{
			"misspelt key", "nb_mbufs=", "nb_mbuf=",
			[]string{"config.ini:8: [dpdk] nb_mbuf=8192: unknown key; did you mean nb_mbufs?"},
		},
		{
			"misspelt section", "[vdev0]", "[vdef0]",
			[]string{"config.ini:11: [vdef0]: unknown section; did you mean [vdev0]?"},
		},
		{
			"no key and value", "nb_mbufs=8192", "many mbufs please",
			[]string{"config.ini:8: many mbufs please: want [section] or key=value"},
		},
		{
			"value out of range", "nb_mbufs=8192", "nb_mbufs=12",
			[]string{"config.ini:8: [dpdk] nb_mbufs=12: want a number from 1024 to 4194304"},
		},
		{
			"no such interface", "iface=" + bad.Device, "iface=nosuch0",
			[]string{"[vdev0] iface=nosuch0: there is no such interface: create it"},
		},
		{
			"no such group", "socket_group=65534", "socket_group=nosuchgroup",
			[]string{"socket_group=nosuchgroup: there is no such group: create it (groupadd --system nosuchgroup)"},
		},
		{
			"argument that the driver refuses", "framecnt=2048", "framecnt=none",
			[]string{"[vdev0] DPDK makes no port of net_af_packet0,", "framecnt=none", "check its driver and arguments"},
		},
		{
			"no such driver", "args=net_af_packet0", "args=net_nosuch0",
			[]string{"Unable to parse device 'net_nosuch0,", "check the devices, memory and extra_eal_args"},
		},
		{
			"no such port", "lcore_mask=1\n", "lcore_mask=1\nport_list=0,1\n[port1]\naddr=10.9.9.2\nnetmask=255.255.255.0\n[dpdk]\n",
			[]string{"port_list=0,1: there is no port 1: the [vdevN] sections give 1, counted from 0"},
		},
		{
			"MTU that the driver cannot do", "[port0]\n", "[port0]\nmtu=9000\n",
			[]string{"[port0] mtu=9000: driver net_af_packet takes 46 to 1500"},
		},
		{
			"no such CPU", "lcore_mask=1\n", "lcore_mask=80000000000000000000000000000000\n",
			[]string{"lcore_mask: lcore 127 is no CPU that this process may use"},
		},
		{
			"no such hugepages", "no_huge=1", "no_huge=0\nmemory=1048576",
			[]string{"MB of hugepages are free", "raise /proc/sys/vm/nr_hugepages", "or set no_huge=1"},
		},
		{
			"argument that EAL refuses", "lcore_mask=1\n", "lcore_mask=1\nextra_eal_args=--bogus\n",
			[]string{"unrecognized option '--bogus'", "check the devices, memory and extra_eal_args"},
		},
		{
			"socket that cannot be", "control_socket=" + bad.Socket, "control_socket=/proc/nosuch/control.sock",
			[]string{"control_socket=/proc/nosuch/control.sock: ", "name a folder that can be made"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := variant(t, bad, c.old, c.new)
			wantRefusal(t, testenv.Command{Args: []string{"--conf", conf}}, c.want...)
			wantNothingLeft(t, bad)
		})
	}
	t.Run("missing file", func(t *testing.T) {
		wantRefusal(t, testenv.Command{Args: []string{"--conf", "/nonexistent/config.ini"}},
			"--conf", "/nonexistent/config.ini", "no such file")
	})
	t.Run("missing file in the environment", func(t *testing.T) {
		wantRefusal(t, testenv.Command{Env: []string{"FF_CONFIG=/nonexistent/config.ini"}},
			"FF_CONFIG", "/nonexistent/config.ini", "no such file")
	})
	t.Run("empty file", func(t *testing.T) {
		wantRefusal(t, testenv.Command{Args: []string{"--conf", "/dev/null"}}, "/dev/null: no settings in it")
	})
	t.Run("no text file", func(t *testing.T) {
		wantRefusal(t, testenv.Command{Args: []string{"--conf", "/bin/true"}}, "/bin/true:1: not a text file")
	})
	t.Run("not root", func(t *testing.T) {
		wantRefusal(t, testenv.Command{Args: []string{"--conf", bad.Conf}, Unprivileged: true},
			"DPDK needs root: start the primary as root")
	})
	t.Run("no hugetlbfs", func(t *testing.T) {
		conf := variant(t, bad, "no_huge=1", "no_huge=0")
		script := "umount -a -t hugetlbfs && exec " + testenv.Build(t, testenv.FFPrimary) + " --log-level error --conf " + conf
		got := testenv.Finish(t, testenv.Command{Path: "/usr/bin/unshare", Args: []string{"--mount", "sh", "-c", script}})
		wantOneLine(t, got, "no hugetlbfs is mounted: mount -t hugetlbfs none /dev/hugepages, or set no_huge=1 in [dpdk]")
		wantNothingLeft(t, bad)
	})
	t.Run("second primary with the same prefix", func(t *testing.T) {
		wantRefusal(t, testenv.Command{Args: []string{"--conf", good.Conf}},
			"a primary with file_prefix="+good.Prefix+" runs already, pid ", ": stop it, take over from it (--takeover), or choose another file_prefix")
	})
	t.Run("prefix of another DPDK program", func(t *testing.T) {
		lockPrefix(t, bad.Prefix)
		wantRefusal(t, testenv.Command{Args: []string{"--conf", bad.Conf}},
			fmt.Sprintf("a DPDK program with file_prefix=%s runs already, pid %d: stop it or choose another", bad.Prefix, os.Getpid()))
	})
	traffic.wantMore(t, 10)
	traffic.stop()
	traffic.wantNoFailure(t)
}

// lockPrefix holds what EAL holds as long as its process lives.
func lockPrefix(t *testing.T, prefix string) {
	t.Helper()
	dir := "/var/run/dpdk/" + prefix
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config, err := os.Create(dir + "/config")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { config.Close() })
	if err := unix.FcntlFlock(config.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Len: 64}); err != nil {
		t.Fatal(err)
	}
}

// variant writes the Env's configuration with one text replaced, to a file of the same name.
func variant(t *testing.T, e *testenv.Env, old, new string) string {
	t.Helper()
	text, err := os.ReadFile(e.Conf)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), old) != 1 {
		t.Fatalf("%q is not once in\n%s", old, text)
	}
	conf := filepath.Join(t.TempDir(), "config.ini")
	if err := os.WriteFile(conf, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	return conf
}

// wantRefusal runs a primary that has to end with status 1 and one line with all of want.
func wantRefusal(t *testing.T, c testenv.Command, want ...string) {
	t.Helper()
	c.Path = testenv.Build(t, testenv.FFPrimary)
	c.Args = append(c.Args, "--log-level", "error")
	wantOneLine(t, testenv.Finish(t, c), want...)
}

func wantOneLine(t *testing.T, got testenv.Result, want ...string) {
	t.Helper()
	line, rest, _ := strings.Cut(got.Stderr, "\n")
	if got.Code != 1 || got.Stdout != "" || rest != "" || !strings.HasPrefix(line, "ff-primary: ") {
		t.Errorf("status %d, stdout %q, stderr:\n%s", got.Code, got.Stdout, got.Stderr)
	}
	for _, text := range want {
		if !strings.Contains(line, text) {
			t.Errorf("%q is not in %q", text, line)
		}
	}
}

// wantNothingLeft looks for what a primary makes.
func wantNothingLeft(t *testing.T, e *testenv.Env) {
	t.Helper()
	for _, pattern := range []string{
		e.Socket, "/run/ringstack/" + e.Prefix, "/var/run/dpdk/" + e.Prefix, "/dev/hugepages/*" + e.Prefix + "*",
	} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 { // the patterns are well-formed
			t.Errorf("left behind: %v", left)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--nosuch"}, "ff-primary: unknown flag: --nosuch (see ff-primary --help)\n"},
		{[]string{"start"}, "ff-primary: unexpected argument \"start\" (see ff-primary --help)\n"},
		{[]string{"--proc-type=secondary"}, "ff-primary: --proc-type=secondary: secondaries are programs of their own, linked with package secondary (see ff-primary --help)\n"},
		{[]string{"--log-level=loud"}, "ff-primary: --log-level=loud: want debug, info, warn or error (see ff-primary --help)\n"},
	} {
		got := testenv.Finish(t, testenv.Command{Path: testenv.Build(t, testenv.FFPrimary), Args: c.args})
		if got.Code != 2 || got.Stderr != c.want || got.Stdout != "" {
			t.Errorf("%v: %+v, want status 2 and %q", c.args, got, c.want)
		}
	}
}

func TestCheckConfig(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	primary := testenv.Build(t, testenv.FFPrimary)
	check := func(conf string) testenv.Result {
		return testenv.Finish(t, testenv.Command{Path: primary, Args: []string{"--check-config", "--conf", conf}, Unprivileged: true})
	}
	got := check(e.Conf)
	if got.Code != 0 || got.Stderr != "" || !strings.Contains(got.Stdout, "file_prefix="+e.Prefix+"\n") || !strings.Contains(got.Stdout, "ring_size=1024\n") {
		t.Errorf("good file: %+v", got)
	}
	again := filepath.Join(e.Dir, "effective.ini")
	if err := os.WriteFile(again, []byte(got.Stdout), 0o644); err != nil {
		t.Fatal(err)
	}
	if effective := check(again); effective != got {
		t.Errorf("what it printed gives something else: %+v", effective)
	}
	e.Change("nb_mbufs=8192", "nb_mbufs=1\nring_sise=64\ntso=1")
	got = check(e.Conf)
	want := "ff-primary: " + e.Conf + ":8: [dpdk] nb_mbufs=1: want a number from 1024 to 4194304\n" +
		"ff-primary: " + e.Conf + ":9: [dpdk] ring_sise=64: unknown key; did you mean ring_size?\n"
	if got.Code != 1 || got.Stdout != "" || got.Stderr != want {
		t.Errorf("bad file: %+v\nwant %s", got, want)
	}
}
