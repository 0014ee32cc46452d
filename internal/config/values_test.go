package config

import (
	"io/fs"
	"net/netip"
	"strings"
	"testing"
)

// TestValues sets every kind of value; good texts are listed with what String
// returns for them.
func TestValues(t *testing.T) {
	for _, test := range []struct {
		name string
		new  func() value
		good map[string]string
		bad  []string
	}{
		{"flag", anyFlag, map[string]string{"0": "0", "1": "1"}, []string{"2", "yes", "01", "-1"}},
		{"number", number(1, 8), map[string]string{"1": "1", "08": "8"}, []string{"0", "9", "-1", "+1", "1.0", "0x1", "1_0", "99999999999999999999"}},
		{"power", func() value { return powerValue(new(int), 64, 256) },
			map[string]string{"64": "64", "256": "256"}, []string{"32", "96", "512", "0"}},
		{"hex", func() value { return hexValue(new(uint64)) },
			map[string]string{"0X10": "0x10", "7f0000000000": "0x7f0000000000"}, []string{"0", "0x", "g", "0x10000000000000000"}},
		{"mode", func() value { return modeValue(new(fs.FileMode)) },
			map[string]string{"660": "0660", "0777": "0777", "0": "0000"}, []string{"8", "1777", "0o660", "rw-"}},
		{"list", list(0, 9), map[string]string{"0": "0", "3-5, 1": "3,4,5,1", "2 - 3": "2,3"},
			[]string{",", "1,", "5-3", "1,1", "1-3,2", "10", "1-", "-1", "0-99999999999", "a"}},
		{"mask", func() value { return maskValue(new([]int)) },
			map[string]string{"1": "1", "0xF0": "f0", "00ff": "ff", "8" + strings.Repeat("0", 31): "8" + strings.Repeat("0", 31)},
			[]string{"0", "0x", "g", "-1", "+1", "1" + strings.Repeat("0", 32), "1 1"}},
		{"allow", func() value { return allowValue(new([]string)) },
			map[string]string{"02:00.0": "02:00.0", "0000:02:00.0,a=b, 03:00.1": "0000:02:00.0,a=b,03:00.1"},
			[]string{"eth0", "a=b,02:00.0", "02:00.0,,", "02:00.8", "02:00.0,=b", strings.Repeat("02:00.0,", 32) + "02:00.0"}},
		{"extra arguments", func() value { return extraArgsValue(new([]string)) },
			map[string]string{"--iova-mode=va": "--iova-mode=va", "-d  a.so  --log-level=pmd:8": "-d a.so --log-level=pmd:8"},
			[]string{"a.so", "-l 1", "-l1", "--lcores=1", "--lco=1", "-m512", "--file-prefix x", "--file-p=x", "--no-huge", "--", "-", "-d a --in-memory"}},
		{"address", func() value { return addr4Value(new(netip.Addr)) }, map[string]string{"10.0.0.1": "10.0.0.1"},
			[]string{"10.0.0", "10.0.0.256", "10.0.0.01", "0.0.0.0", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "fd00::1", "host"}},
		{"address 6", func() value { return addr6Value(new(netip.Addr)) }, map[string]string{"FD00:0::1": "fd00::1"},
			[]string{"10.0.0.1", "::", "::1", "ff02::1", "::ffff:10.0.0.1", "fe80::1%eth0", "fd00::1/64"}},
		{"broadcast", func() value { return broadcastValue(new(netip.Addr)) },
			map[string]string{"255.255.255.255": "255.255.255.255", "10.0.0.255": "10.0.0.255"}, []string{"ff02::1", "x"}},
		{"netmask", func() value { return netmaskValue(new(int)) },
			map[string]string{"255.255.255.0": "255.255.255.0", "255.255.255.255": "255.255.255.255", "128.0.0.0": "128.0.0.0"},
			[]string{"0.0.0.0", "255.0.255.0", "0.0.0.255", "24", "ffff::"}},
		{"addresses", func() value { return addrs4Value(new([]netip.Addr)) },
			map[string]string{"10.0.0.1; 10.0.0.2": "10.0.0.1;10.0.0.2"}, []string{"10.0.0.1;", "10.0.0.1;10.0.0.1", "10.0.0.1,10.0.0.2"}},
		{"prefix", func() value { return textValue(new(string), prefixText, "") },
			map[string]string{"a.b-c_d": "a.b-c_d"}, []string{".", "..", "-a", "a/b", "a b", "a\n", strings.Repeat("a", 65)}},
		{"socket", func() value { return socketValue(new(string)) },
			map[string]string{"/run/x": "/run/x", "/" + strings.Repeat("x", 106): "/" + strings.Repeat("x", 106)},
			[]string{"x", "/", "/run/../x", "/run/", "/run//x", "/" + strings.Repeat("x", 107)}},
		{"group", func() value { return textValue(new(string), groupText, "") },
			map[string]string{"ring-stack": "ring-stack", "0": "0"}, []string{"-1", "a:b", "1a", "9999999999"}},
		{"vdev", func() value { return textValue(new(string), vdevText, "") },
			map[string]string{"net_tap0": "net_tap0", "net_tap0,iface=a": "net_tap0,iface=a"},
			[]string{"0", "net_tap0,", "net tap", ",a=b", strings.Repeat("x", 64)}},
		{"MAC", func() value { return textValue(new(string), macText, "") },
			map[string]string{"0a:00:00:00:00:Ff": "0a:00:00:00:00:Ff"}, []string{"0a:00:00:00:00", "0a-00-00-00-00-01", "0a:00:00:00:00:0g"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for text, want := range test.good {
				if v := test.new(); !v.set(text) || v.String() != want {
					t.Errorf("%q reads as %q, want %q", text, v, want)
				} else if again := test.new(); !again.set(v.String()) || again.String() != want {
					t.Errorf("%q reads again as %q, want %q", v, again, want)
				}
			}
			for _, text := range append(test.bad, "") {
				v := test.new()
				before := v.String()
				if v.set(text) || v.String() != before {
					t.Errorf("%q was taken, as %q", text, v)
				}
			}
		})
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"port0", "port0", 0},
		{"prot0", "port0", 1}, {"chanel", "channel", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
