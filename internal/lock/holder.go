package lock

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

// maxNote is how many bytes of a lock's file are read.
const maxNote = 256

// Holder says who has a lock. It is for messages: the lock itself is the kernel's.
type Holder struct {
	PID        int
	FilePrefix string // of its configuration; without blanks
	Program    string
}

// Self is this process as a holder.
func Self(filePrefix string) Holder {
	return Holder{os.Getpid(), filePrefix, filepath.Base(os.Args[0])}
}

// String returns "ff-primary, pid 1234, file_prefix=web".
func (h Holder) String() string {
	return fmt.Sprintf("%s, pid %d, file_prefix=%s", h.Program, h.PID, h.FilePrefix)
}

// write notes the holder in the file of its lock.
func (h Holder) write(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "%d %s %s\n", h.PID, h.FilePrefix, h.Program), 0)
	return err
}

// readHolder reads what write has noted. The zero Holder stands for anything else.
func readHolder(f *os.File) (h Holder) {
	note := make([]byte, maxNote)
	n, err := f.ReadAt(note, 0)
	line, isLine := strings.CutSuffix(string(note[:n]), "\n")
	if err != io.EOF || !isLine {
		return Holder{}
	}
	pid, rest, _ := strings.Cut(line, " ")
	prefix, program, _ := strings.Cut(rest, " ")
	h = Holder{FilePrefix: prefix, Program: program}
	h.PID, err = strconv.Atoi(pid)
	unprintable := strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) })
	if err != nil || h.PID <= 0 || prefix == "" || program == "" || unprintable {
		return Holder{}
	}
	return h
}
