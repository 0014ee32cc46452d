package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// intsValue takes numbers and ranges such as 0,2-4, each number below limit and
// named once, in the given order.
func intsValue(p *[]int, lo, hi int) value {
	return field[[]int]{
		p:     p,
		wants: fmt.Sprintf("a list such as 0,2-4 of different numbers from %d to %d", lo, hi),
		parse: func(s string) ([]int, bool) { return parseInts(s, lo, hi) },
		show:  showInts,
	}
}

func parseInts(s string, lo, hi int) (list []int, ok bool) {
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, ok := parseInt(strings.TrimSpace(first), lo, hi)
		if !ok {
			return nil, false
		}
		to := from
		if isRange {
			if to, ok = parseInt(strings.TrimSpace(last), from, hi); !ok {
				return nil, false
			}
		}
		for n := from; n <= to; n++ {
			if slices.Contains(list, n) {
				return nil, false
			}
			list = append(list, n)
		}
	}
	return list, true
}

func showInts(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ",")
}

// maskValue takes a hexadecimal bit mask of lcores, with or without 0x, and
// keeps the numbers of its bits in ascending order.
func maskValue(p *[]int) value {
	return field[[]int]{
		p:     p,
		wants: fmt.Sprintf("a hexadecimal mask such as 1 or f, of lcores 0 to %d", MaxLcores-1),
		parse: parseMask,
		show:  showMask,
	}
}

func parseMask(s string) (lcores []int, ok bool) {
	digits := trimHexPrefix(s)
	for i := range len(digits) {
		nibble, err := strconv.ParseUint(digits[len(digits)-1-i:len(digits)-i], 16, 4)
		if err != nil {
			return nil, false
		}
		for bit := range 4 {
			if nibble>>bit&1 == 1 {
				lcores = append(lcores, i*4+bit)
			}
		}
	}
	return lcores, len(lcores) > 0 && lcores[len(lcores)-1] < MaxLcores
}

func showMask(lcores []int) string {
	var nibbles [MaxLcores / 4]byte
	for _, lcore := range lcores {
		nibbles[len(nibbles)-1-lcore/4] |= 1 << (lcore % 4)
	}
	for i, n := range nibbles {
		nibbles[i] = "0123456789abcdef"[n]
	}
	return strings.TrimLeft(string(nibbles[:]), "0")
}

func trimHexPrefix(s string) string {
	return strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X")
}

var pciAddress = regexp.MustCompile(`^([0-9A-Fa-f]{4,8}:)?[0-9A-Fa-f]{1,2}:[0-9A-Fa-f]{1,2}\.[0-7]$`)

// allowValue takes PCI addresses with their devargs. Both are separated by
// commas, so a part that is key=value belongs to the address before it.
func allowValue(p *[]string) value {
	return field[[]string]{
		p:     p,
		wants: "PCI addresses such as 0000:02:00.0,0000:03:00.0, each with options such as 02:00.0,key=value",
		parse: parseAllow,
		show:  func(v []string) string { return strings.Join(v, ",") },
	}
}

func parseAllow(s string) (devices []string, ok bool) {
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		switch {
		case pciAddress.MatchString(part):
			devices = append(devices, part)
		case len(devices) > 0 && strings.Index(part, "=") > 0:
			devices[len(devices)-1] += "," + part
		default:
			return nil, false
		}
	}
	return devices, len(devices) <= MaxPorts
}

// addrsValue takes up to MaxVIPs addresses, separated by semicolons.
func addrsValue(p *[]netip.Addr, wants string, parse func(string) (netip.Addr, bool)) value {
	return field[[]netip.Addr]{
		p:     p,
		wants: fmt.Sprintf("up to %d different addresses separated by semicolons, each %s", MaxVIPs, wants),
		parse: func(s string) (list []netip.Addr, ok bool) {
			for part := range strings.SplitSeq(s, ";") {
				addr, ok := parse(strings.TrimSpace(part))
				if !ok || slices.Contains(list, addr) || len(list) == MaxVIPs {
					return nil, false
				}
				list = append(list, addr)
			}
			return list, true
		},
		show: func(list []netip.Addr) string {
			words := make([]string, len(list))
			for i, addr := range list {
				words[i] = addr.String()
			}
			return strings.Join(words, ";")
		},
	}
}

// sysctlValue is one entry of c.Sysctls. It may be set once.
type sysctlValue struct {
	c    *Config
	name string
}

func (v sysctlValue) want() string { return fmt.Sprintf("a value; at most %d names", MaxSysctls) }

func (v sysctlValue) set(text string) bool {
	if text == "" || len(v.c.Sysctls) == MaxSysctls {
		return false
	}
	v.c.Sysctls = append(v.c.Sysctls, Sysctl{v.name, text})
	return true
}

func (v sysctlValue) String() string {
	for _, s := range v.c.Sysctls {
		if s.Name == v.name {
			return s.Value
		}
	}
	return ""
}
