package dispatch

import (
	"net/netip"
	"testing"
)

// verification is Microsoft's "Verifying the RSS Hash Calculation".
var verification = []struct {
	dst, src  string // with ports
	addrs     uint32 // hash of the addresses
	withPorts uint32
}{
	{"161.142.100.80:1766", "66.9.149.187:2794", 0x323e8fc2, 0x51ccc178},
	{"65.69.140.83:4739", "199.92.111.2:14230", 0xd718262a, 0xc626b0ea},
	{"12.22.207.184:38024", "24.19.198.95:12898", 0xd2d0a5de, 0x5c2b394a},
	{"209.142.163.6:2217", "38.27.205.30:48228", 0x82989176, 0xafc7327f},
	{"202.188.127.2:1303", "153.39.163.191:44251", 0x5d1809c5, 0x10e828a2},
	{"[3ffe:2501:200:3::1]:1766", "[3ffe:2501:200:1fff::7]:2794", 0x2cc18cd5, 0x40207d3d},
	{"[ff02::1]:4739", "[3ffe:501:8::260:97ff:fe40:efab]:14230", 0x0f0c461c, 0xdde51bbf},
	{"[fe80::200:f8ff:fe21:67cf]:38024", "[3ffe:1900:4545:3:200:f8ff:fe21:67cf]:44251", 0x4b61e985, 0x02d1feef},
}

func verificationFlow(dst, src string) Flow {
	d, s := netip.MustParseAddrPort(dst), netip.MustParseAddrPort(src)
	return Flow{Local: d.Addr().As16(), Remote: s.Addr().As16(), LocalPort: d.Port(), RemotePort: s.Port(), Proto: ProtoTCP}
}

func mustToeplitz(tb testing.TB, key []byte) *Toeplitz {
	tb.Helper()
	h, err := NewToeplitz(key)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func TestToeplitzVerificationSuite(t *testing.T) {
	h := mustToeplitz(t, DefaultKey)
	for _, v := range verification {
		f := verificationFlow(v.dst, v.src)
		if got := h.Sum(&f, false); got != v.addrs {
			t.Errorf("%s <- %s addresses: %#08x, want %#08x", v.dst, v.src, got, v.addrs)
		}
		if got := h.Sum(&f, true); got != v.withPorts {
			t.Errorf("%s <- %s ports: %#08x, want %#08x", v.dst, v.src, got, v.withPorts)
		}
	}
}

func TestSymmetricKey(t *testing.T) {
	h := mustToeplitz(t, SymmetricKey)
	for _, v := range verification {
		f, back := verificationFlow(v.dst, v.src), verificationFlow(v.src, v.dst)
		for _, ports := range []bool{false, true} {
			if h.Sum(&f, ports) != h.Sum(&back, ports) {
				t.Errorf("%s <- %s: directions differ", v.dst, v.src)
			}
		}
	}
}

func TestToeplitzKeyLength(t *testing.T) {
	if _, err := NewToeplitz(DefaultKey[:KeyLen-1]); err == nil {
		t.Error("39 bytes accepted")
	}
	if len(DefaultKey) != KeyLen || len(SymmetricKey) != KeyLen {
		t.Error("keys are not of KeyLen bytes")
	}
	// 52-byte keys are those of some NICs; the hash needs no more than 40.
	long := mustToeplitz(t, append(append([]byte{}, DefaultKey...), make([]byte, 12)...))
	f := verificationFlow(verification[7].dst, verification[7].src)
	if got := long.Sum(&f, true); got != verification[7].withPorts {
		t.Errorf("52-byte key: %#08x", got)
	}
}

// TestSpread: the ports of one client must reach all buckets about equally.
func TestSpread(t *testing.T) {
	for name, h := range map[string]Hash{"toeplitz": mustToeplitz(t, DefaultKey), "modulo": Modulo{}} {
		var hits [NumBuckets]int
		f := verificationFlow(verification[0].dst, verification[0].src)
		for port := range 28 * NumBuckets {
			f.RemotePort = uint16(32768 + port)
			hits[h.Sum(&f, true)%NumBuckets]++
		}
		for b, n := range hits {
			if n < 14 || n > 56 {
				t.Errorf("%s: bucket %d has %d flows, want about 28", name, b, n)
			}
		}
	}
}

func TestModulo(t *testing.T) {
	f := verificationFlow("[1:2:3:4:5:6:7:8]:9", "[10:0:0:0:0:0:0:1]:2")
	want := uint32(0x00010002 + 0x00030004 + 0x00050006 + 0x00070008 + 0x00100000 + 1)
	if got := (Modulo{}).Sum(&f, false); got != want {
		t.Errorf("addresses: %#x, want %#x", got, want)
	}
	if got := (Modulo{}).Sum(&f, true); got != want+11 {
		t.Errorf("ports: %#x, want %#x", got, want+11)
	}
}
