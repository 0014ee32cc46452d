package config

import (
	"os"
	"strings"
	"testing"
)

// FuzzLoad checks that no text makes parse panic, that every mistake has one
// line, and that what loads is printed, loads again equal, and makes arguments.
func FuzzLoad(f *testing.F) {
	for _, path := range []string{"testdata/fstack.ini", "../../config.ini"} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range []string{
		least, "", "\xff\xfe[\x00", "[dpdk", "=", "-=-", `"""a"="""`, "`a`=`b`", "[a]b]", "a=1\n\ufeff[b]",
		withDPDK("lcore_mask=" + strings.Repeat("f", 33)), withDPDK("proc_lcore=1-127"), withDPDK("port_list=0-31"),
		least + "[proc.web]\ncommand=/x -l :80\nuser=0\nenv=A=1,B=\n[proc.]\n[proc.a.b]\n",
		withPort("vip_addr=10.0.0.3;;", "netmask=0.0.0.0", "addr6=::ffff:1.2.3.4", "gateway6=fe80::1%eth0"),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, _, err := parse("config.ini", data)
		if err != nil {
			for _, l := range errorLines(err) {
				if !strings.HasPrefix(l, "config.ini:") {
					t.Errorf("a mistake with a broken line: %q", l)
				}
			}
			return
		}
		wantRoundTrip(t, c)
		for _, arg := range c.EALArgs("fuzz") {
			if arg == "" || strings.ContainsRune(arg, 0) {
				t.Errorf("argument %q", arg)
			}
		}
	})
}
