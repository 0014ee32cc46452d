#!/usr/bin/env bash
# Runs every fuzz target of the module in turn, FUZZTIME (60s) each, and prints what was found. An input that fails a target lies in
# testdata/fuzz of its package afterwards: "go test" there tries it again until it passes.
set -euo pipefail
cd "$(dirname "$0")/.."

# targets lists each package with the name of a target: go test fuzzes only one at a time.
targets() {
	go test -list '^Fuzz' ./... | awk '/^Fuzz/ { name[n++] = $1 } /^ok/ { for (i = 0; i < n; i++) print $2, name[i]; n = 0 }'
}

status=0 total=0
list=$(targets)
while read -r package target; do
	total=$((total + 1))
	log=$(go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}" -fuzzminimizetime 1s 2>&1) && verdict=ok || verdict=FAIL
	count=$(grep -o 'execs: [0-9]*' <<<"$log" | tail -n 1 || true)
	printf '%-4s %-32s %-18s %s inputs\n' "$verdict" "$package" "$target" "${count#execs: }"
	if [ "$verdict" = FAIL ]; then
		status=1
		printf '%s\n' "$log"
	fi
done <<<"$list"
echo "$total targets, ${FUZZTIME:-60s} each"
exit "$status"
