package native

import (
	"testing"

	"ringstack/secondary/enginetest"
)

func TestPrograms(t *testing.T) { enginetest.Programs(t, New) }

func TestProgramsOnABadCable(t *testing.T) { enginetest.ProgramsOnABadCable(t, New) }
