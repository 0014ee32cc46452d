#!/usr/bin/env bash
# Runs all tests: with cgo, then those that need no DPDK again without. The tests of the whole run
# by themselves, since they measure time. The last line has the counts; with CI=true a skipped test
# is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

whole=./internal/e2e

status=0
run() { go test -json -count=1 "$@" || status=1; }

# without_dpdk lists the packages with tests that do not link DPDK.
without_dpdk() {
	CGO_ENABLED=0 go list -test -f '{{.ImportPath}} {{join .Deps " "}} ' ./... |
		grep '^[^ ]*\.test ' | grep -v ' ringstack/cgo ' | sed 's/\.test .*//'
}

go build -o bin/testsum ./internal/testsum
mapfile -t parts < <(go list ./... | grep -v "/${whole#./}$")
mapfile -t pure < <(without_dpdk | grep -v "/${whole#./}$")
{
	run -timeout 5m "${parts[@]}"
	echo "== with CGO_ENABLED=0"
	CGO_ENABLED=0 run -timeout 5m "${pure[@]}"
	echo "== the whole"
	run -timeout 15m "$whole"
	exit "$status"
} | bin/testsum
