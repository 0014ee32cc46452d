// Command hostile is a secondary under test that breaks the rules of the shared memory.
//
//	hostile <crime> <proc id> <another's mbuf>
//
// It attaches with this proc id, commits the crime, and prints "done". When the primary detaches
// it, it prints the reason, does not go, and fills its rings with rubbish until it is killed.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	fmt.Println("hostile:", run(os.Args[1:]))
	os.Exit(1)
}

// run returns only when it fails.
func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: hostile <crime> <proc id> <another's mbuf>")
	}
	crime := crimes()[args[0]]
	if crime == nil {
		return fmt.Errorf("unknown crime %q", args[0])
	}
	proc, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	others, err := strconv.ParseUint(args[2], 0, 64)
	if err != nil {
		return err
	}
	e, err := attach(proc)
	if err != nil {
		return err
	}
	e.others = others
	fmt.Println("attached")
	if err := crime(e); err != nil {
		return err
	}
	fmt.Println("done")
	<-e.client.Done()
	fmt.Println(e.client.Err())
	for {
		e.rage()
		time.Sleep(time.Millisecond)
	}
}
