package gvisor

import (
	"testing"

	"ringstack/secondary/enginetest"
)

func TestPrograms(t *testing.T) { enginetest.Programs(t, New) }
