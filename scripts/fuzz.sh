#!/usr/bin/env bash
# Runs every Fuzz function of the module for a while (FUZZTIME each, 10s by default), one after another: a fuzzer takes all
# the cores that there are. ONLY=Name runs those alone whose names have that in them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

duration=${FUZZTIME:-10s}
found=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
packages=$(go list -f '{{.Dir}}' ./...)
for dir in $packages; do
  # Names of Go functions: no word splitting to fear.
  # shellcheck disable=SC2013
  for name in $(grep -hoE "^func Fuzz[A-Z0-9_][A-Za-z0-9_]*" "$dir"/*_test.go 2>/dev/null | cut -d' ' -f2); do
    case $name in *"${ONLY:-}"*) ;; *) continue ;; esac
    found=$((found + 1))
    printf '==> %s %s\n' "$dir" "$name"
    # An input that is interesting, and not wrong, is made smaller for no more than a few tries: it takes a minute each else.
    if ! go test -run='^$' -fuzz="^$name\$" -fuzztime="$duration" -fuzzminimizetime=5x "$dir" 2>&1 | tee "$log"; then
      # Go's fuzzer counts it as a failure when its time is up while it waits for a worker. Nothing was found then.
      if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then continue; fi
      exit 1
    fi
  done
done
printf '%s fuzz functions, each for %s\n' "$found" "$duration"
