package arch

import (
	"go/ast"
	"go/types"
	"testing"
)

// endings are the calls that end the process.
var endings = map[string]bool{
	"panic": true, "os.Exit": true,
	"log.Fatal": true, "log.Fatalf": true, "log.Fatalln": true,
	"log.Panic": true, "log.Panicf": true, "log.Panicln": true,
}

// levels are the methods of a zerolog.Logger that end it; testing's have arguments.
var levels = map[string]bool{"Fatal": true, "Panic": true}

func TestLibrariesReturnErrors(t *testing.T) {
	for _, file := range sources(t) {
		if file.isMain() {
			continue
		}
		ast.Inspect(file.File, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && ends(call) {
				t.Errorf("%s calls %s; a library returns errors", file.path, types.ExprString(call.Fun))
			}
			return true
		})
	}
}

func ends(call *ast.CallExpr) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	return endings[types.ExprString(call.Fun)] || ok && len(call.Args) == 0 && levels[method.Sel.Name]
}
