#!/usr/bin/env bash
# Writes the bill of materials of the release binary: CycloneDX, JSON, each module in it with version, hash and licence. Then
# compares it with the binary (test/security/sbom).
#
#   scripts/sbom.sh VERSION [BINARY [BILL]]    bin/leat and dist/leat.cdx.json by default
#
# The licences are read from the modules in Go's own cache, where the build has put them and checked them by go.sum. Nothing
# is fetched for that, and nobody is asked. They are evidence, not a lawyer's word.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=${1:?usage: scripts/sbom.sh VERSION [BINARY [BILL]]}
binary=${2:-bin/leat}
bill=${3:-dist/leat.cdx.json}
tool=$(GOWORK=off go tool -n -modfile=tools/sbom.mod cyclonedx-gomod)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
mkdir -p "$(dirname "$bill")"
# No serial number and no time: a bill changes with the binary and the tool alone.
if ! GOPROXY=off GOSUMDB=off GOFLAGS='' "$tool" bin -json -licenses -std -noserial -notimestamp \
  -version "$version" -output "$bill.new" "$binary" 2>"$log"; then
  cat "$log" >&2
  exit 1
fi
# It knows what is in the cache; leat itself is not.
awk '{ print } /"type": "application",/ && !done { print "      \"licenses\": [ { \"license\": { \"id\": \"Apache-2.0\" } } ],"; done = 1 }' "$bill.new" >"$bill"
rm -f "$bill.new"
go run ./test/security/sbom "$binary" "$bill"
