package tcp

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// commands are the words of the language beside segments and time. A call's error is 0 unless "fails" says otherwise.
var commands = map[string]func(s *script, args []string) syscall.Errno{
	"listen": func(s *script, args []string) syscall.Errno {
		var lc ListenConfig
		if len(args) > 0 && args[0] == "here" { // at our address, not at any
			lc.Addr = s.us
			args = args[1:]
		}
		s.fill(&lc, args)
		return s.listen(lc)
	},
	"connect": func(s *script, args []string) syscall.Errno {
		id, err := s.tcp.Connect(&ConnectConfig{Remote: s.them, RemotePort: s.peer, LocalPort: ourPort})
		if err == 0 {
			s.current().id = id
		}
		return err
	},
	"accept": func(s *script, args []string) syscall.Errno { s.handshake(args); return 0 },
	"write":  (*script).write,
	"read": func(s *script, args []string) syscall.Errno {
		s.tcp.Consume(s.id(), int(s.number(args[0])))
		return 0
	},
	"closewrite":    func(s *script, _ []string) syscall.Errno { return s.tcp.CloseWrite(s.id()) },
	"close":         func(s *script, _ []string) syscall.Errno { s.tcp.Close(s.id()); return 0 },
	"abort":         func(s *script, _ []string) syscall.Errno { s.tcp.Abort(s.id()); return 0 },
	"take":          func(s *script, _ []string) syscall.Errno { s.tcp.Take(s.id()); return 0 },
	"closelistener": func(s *script, _ []string) syscall.Errno { return s.tcp.CloseListener(s.listener) },
	"nodelay":       func(s *script, args []string) syscall.Errno { s.tcp.SetNoDelay(s.id(), args[0] == "on"); return 0 },
	"linger":        func(s *script, args []string) syscall.Errno { s.tcp.SetLinger(s.id(), s.duration(args[0])); return 0 },
	"usertimeout": func(s *script, args []string) syscall.Errno {
		s.tcp.SetUserTimeout(s.id(), s.duration(args[0]))
		return 0
	},
	"keepalive": func(s *script, args []string) syscall.Errno {
		k := KeepAlive{Enable: true}
		s.fill(&k, args)
		s.tcp.SetKeepAlive(s.id(), k)
		return 0
	},
	"buffers": func(s *script, args []string) syscall.Errno {
		s.tcp.SetBuffers(s.id(), int(s.number(args[0])), int(s.number(args[1])))
		return 0
	},
	"sack":       func(s *script, args []string) syscall.Errno { s.tcp.SetSACK(args[0] == "on"); return 0 },
	"delayedack": func(s *script, args []string) syscall.Errno { s.tcp.SetDelayedAck(args[0] == "on"); return 0 },
	"progress":   func(s *script, args []string) syscall.Errno { s.tcp.ReportProgress(args[0] == "on"); return 0 },
	"resume":     func(s *script, _ []string) syscall.Errno { s.dead = false; s.tcp.Resume(s.now); return 0 },
	"mtu":        func(s *script, args []string) syscall.Errno { s.mtu = int(s.number(args[0])); return 0 },
	"icmp":       (*script).icmp,
	"raw":        (*script).raw,
	"buffersup":  func(s *script, args []string) syscall.Errno { s.dead = args[0] == "no"; return 0 },
	"window":     func(s *script, args []string) syscall.Errno { s.wnd = uint16(s.number(args[0])); return 0 },
	"from":       func(s *script, args []string) syscall.Errno { s.peer = uint16(s.number(args[0])); return 0 },
}

// checks are words that look at the transport and change nothing.
var checks = map[string]func(s *script, args []string){
	"event": func(s *script, args []string) {
		got, want := strings.Join(s.events, ", "), strings.Join(args, " ")
		if got == "" {
			got = "none"
		}
		if s.events = nil; got != want {
			s.Fatalf("events %q", got)
		}
	},
	"state": func(s *script, args []string) {
		if info, _ := s.tcp.Info(s.id()); info.State.String() != args[0] {
			s.Fatalf("state %v", info.State)
		}
	},
	"info": func(s *script, args []string) {
		info, ok := s.tcp.Info(s.id())
		if !ok {
			s.Fatal("no connection")
		}
		s.check(info, args)
	},
	"isnabove": func(s *script, args []string) { // our numbers begin past N of the connection before
		if p := s.current(); !after(p.iss, p.oldISS+s.number(args[0])) {
			s.Fatalf("they begin at %d", p.iss-p.oldISS)
		}
	},
	"confirmed": func(s *script, args []string) { // calls of Net.Confirm since the last check
		if s.confirmed != int(s.number(args[0])) {
			s.Fatalf("confirmed %d times", s.confirmed)
		}
		s.confirmed = 0
	},
	"count": (*script).count,
	"usage": func(s *script, args []string) { s.check(s.tcp.Usage(), args) },
	"finished": func(s *script, _ []string) {
		if u := s.tcp.Usage(); u != (Usage{}) {
			s.Fatalf("left over: %+v", u)
		}
	},
}

func (s *script) id() ID { return s.current().id }

// handshake opens a passive connection: +10 ms, next bytes 1 and 1.
func (s *script) handshake(args []string) {
	if s.tcp.listenerFor(&s.us, ourPort) == 0 {
		s.listen(ListenConfig{})
	}
	s.inject(append([]string{"S", "0"}, args...))
	if len(s.wire) != 1 {
		s.Fatalf("%d segments answer the SYN", len(s.wire))
	}
	s.wire = nil
	s.run(10*time.Millisecond, false)
	s.inject([]string{"A", "1", "ack", "1"})
	s.events = nil
}

// write takes the number of bytes, and "takes=N" where not all find room.
func (s *script) write(args []string) syscall.Errno {
	n := int(s.number(args[0]))
	want := n
	if len(args) > 1 {
		want = int(s.number(strings.TrimPrefix(args[1], "takes=")))
	}
	took, err := s.tcp.Write(s.id(), make([]byte, n))
	if err == 0 && took != want {
		s.Fatalf("took %d", took)
	}
	return err
}

func (s *script) icmp(args []string) syscall.Errno {
	e := ICMPError{Local: s.us, Remote: s.them, LocalPort: ourPort, RemotePort: s.peer, Seq: s.current().iss}
	for _, a := range args {
		switch key, value, _ := strings.Cut(a, "="); key {
		case "seq":
			e.Seq += s.number(value)
		case "mtu":
			e.MTU = int(s.number(value))
		case "hard":
			e.Hard = true
		default:
			e.Err = s.errno(key)
		}
	}
	s.tcp.Unreachable(&e, s.now)
	return 0
}

// raw gives bytes as they are, checksum included.
func (s *script) raw(args []string) syscall.Errno {
	b, err := hex.DecodeString(strings.Join(args, ""))
	if err != nil {
		s.Fatal(err)
	}
	s.tcp.Input(&Packet{Local: s.us, Remote: s.them, Segment: b}, s.now)
	return 0
}

func (s *script) count(args []string) {
	for i, name := range counterNames {
		if name == args[0] {
			if got := s.tcp.stats[i]; got != uint64(s.number(args[1])) {
				s.Fatalf("%s is %d", name, got)
			}
			return
		}
	}
	s.Fatalf("no counter %q", args[0])
}

// fill sets fields of a struct: Name=value.
func (s *script) fill(to any, args []string) {
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		f := reflect.ValueOf(to).Elem().FieldByName(name)
		switch {
		case !f.IsValid():
			s.Fatalf("no field %q", name)
		case f.Type() == reflect.TypeFor[time.Duration]():
			f.SetInt(int64(s.duration(value)))
		case f.Kind() == reflect.Bool:
			f.SetBool(value == "true")
		case f.CanUint():
			f.SetUint(uint64(s.number(value)))
		default:
			f.SetInt(int64(int32(s.number(value))))
		}
	}
}

// check compares fields of a struct: Name=value, Name<value, Name>value.
func (s *script) check(of any, args []string) {
	for _, a := range args {
		at := strings.IndexAny(a, "=<>")
		if at < 0 {
			s.Fatalf("check %q", a)
		}
		f := reflect.ValueOf(of).FieldByName(a[:at])
		if !f.IsValid() {
			s.Fatalf("no field %q", a[:at])
		}
		got := fmt.Sprint(f.Interface())
		ok := got == a[at+1:]
		if a[at] != '=' {
			x, _ := strconv.ParseFloat(strings.TrimRight(got, "nuµms"), 64)
			y, _ := strconv.ParseFloat(strings.TrimRight(a[at+1:], "nuµms"), 64)
			ok = (a[at] == '<') == (x < y) && x != y
		}
		if !ok {
			s.Fatalf("%s is %s", a[:at], got)
		}
	}
}

func (s *script) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		s.Fatal(err)
	}
	return d
}

var errnoNames = map[string]syscall.Errno{
	"EPIPE": syscall.EPIPE, "ENOTCONN": syscall.ENOTCONN, "EINVAL": syscall.EINVAL, "EADDRINUSE": syscall.EADDRINUSE, "ENOBUFS": syscall.ENOBUFS,
	"ECONNREFUSED": syscall.ECONNREFUSED, "ECONNRESET": syscall.ECONNRESET, "ETIMEDOUT": syscall.ETIMEDOUT, "EHOSTUNREACH": syscall.EHOSTUNREACH,
	"ENETUNREACH": syscall.ENETUNREACH, "EBADF": syscall.EBADF, "EADDRNOTAVAIL": syscall.EADDRNOTAVAIL,
}

func (s *script) errno(name string) syscall.Errno {
	e, ok := errnoNames[name]
	if !ok {
		s.Fatalf("unknown error %q", name)
	}
	return e
}

func errorText(e syscall.Errno) string {
	if e == 0 {
		return ""
	}
	for name, known := range errnoNames {
		if known == e {
			return " " + name
		}
	}
	return " " + e.Error()
}
