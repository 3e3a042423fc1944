#!/usr/bin/env bash
# Ends with a clear message when Go is missing or older than go.mod asks for; Go's own message names a line of go.mod.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

want=$(awk '$1 == "go" { print $2; exit }' go.mod)
if ! command -v go >/dev/null 2>&1; then
  echo "leat needs Go $want or newer, and there is no go in the PATH: install it (https://go.dev/dl) and run this again" >&2
  exit 1
fi
# With GOTOOLCHAIN=auto an older Go answers here with the newer toolchain that it has fetched.
if ! have=$(go env GOVERSION 2>/dev/null) || [ -z "$have" ]; then
  have=$(cd / && GOTOOLCHAIN=local go version | awk '{ print $3 }')
fi
have=${have#go}
# "1.26.1-custom" and "1.27rc1" count as the release that they name; a development build has no number to compare.
case $have in
devel*) exit 0 ;;
esac
release=$(printf '%s\n' "$have" | sed -E 's/^([0-9]+(\.[0-9]+)*).*/\1/')
oldest=$(printf '%s\n%s\n' "$want" "$release" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)
# The sort is by number, and a missing patch level counts as 0, so that 1.26 and 1.26.0 are one.
if [ "$oldest" != "$want" ] && [ "$oldest.0" != "$want" ]; then
  echo "leat needs Go $want or newer; $(command -v go) is Go $have: update it (https://go.dev/dl), or, from Go 1.21 on, let it fetch the newer one: GOTOOLCHAIN=auto" >&2
  exit 1
fi
