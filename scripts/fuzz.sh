#!/usr/bin/env bash
# Runs every Fuzz function of the module for a while (FUZZTIME each, 10s by default), one after another: a fuzzer takes all
# the cores that there are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

duration=${FUZZTIME:-10s}
found=0
packages=$(go list -f '{{.Dir}}' ./...)
for dir in $packages; do
  # Names of Go functions: no word splitting to fear.
  # shellcheck disable=SC2013
  for name in $(grep -hoE '^func Fuzz[A-Z0-9_][A-Za-z0-9_]*' "$dir"/*_test.go 2>/dev/null | cut -d' ' -f2); do
    found=$((found + 1))
    printf '==> %s %s\n' "$dir" "$name"
    go test -run='^$' -fuzz="^$name\$" -fuzztime="$duration" "$dir"
  done
done
printf '%s fuzz functions, each for %s\n' "$found" "$duration"
