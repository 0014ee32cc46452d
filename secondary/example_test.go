package secondary_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"ringstack/secondary"
)

// A web server on port 80 of the primary's addresses. Started twice, both share the port.
func Example() {
	log.Fatal(serve(context.Background()))
}

func serve(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	s, err := secondary.Attach(waiting, secondary.Config{})
	if err != nil {
		return err
	}
	defer s.Close()
	l, err := s.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello from proc %d\n", s.ProcID())
	}))
}
