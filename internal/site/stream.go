package site

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// echoed is a trailer: how many bytes came back.
const echoed = "X-Echoed"

// echo sends back what comes, while more comes.
func echo(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	control.EnableFullDuplex() // HTTP/2 always is
	w.Header().Set("Trailer", echoed)
	w.WriteHeader(http.StatusOK)
	if control.Flush() != nil {
		return
	}
	n, err := io.Copy(flushed{w, control}, r.Body)
	if err == nil {
		w.Header().Set(echoed, strconv.FormatInt(n, 10))
	}
}

// flushed sends each write on at once.
type flushed struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (f flushed) Write(b []byte) (int, error) {
	n, err := f.ResponseWriter.Write(b)
	if err == nil {
		err = f.control.Flush()
	}
	return n, err
}

// serveEvents sends events until the visitor leaves.
func serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := flushed{w, http.NewResponseController(w)}
	for id := 0; r.Context().Err() == nil; id++ {
		if _, err := fmt.Fprintf(out, event, id, id*id); err != nil {
			return
		}
	}
}

const event = "id: %d\ndata: %d\n\n"
