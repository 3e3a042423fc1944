#!/usr/bin/env bash
# Builds the release binary twice by `make build`, and compares the two byte by byte.
#
#   scripts/reproducible.sh VERSION REVISION
#
# The two are built of copies of this checkout, without .git, in folders whose names differ in length. They share no compiled
# package: Go trusts its cache, and by the one that the first build has filled the second would compile nothing. So the second
# one has a cache of its own, which is kept (LEAT_REPRODUCIBLE_CACHE, else ${XDG_CACHE_HOME:-$HOME/.cache}/leat-reproducible):
# what has not changed was compiled twice by the run before. Time zone, language, temporary folder, permissions and the number
# of threads of the compiler differ, too. The Go, its target and the modules, which go.sum pins, are the same.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=${1:?usage: scripts/reproducible.sh VERSION REVISION}
revision=${2:?usage: scripts/reproducible.sh VERSION REVISION}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
one=$work/a
two="$work/another folder/of a longer name/b"
mkdir -p "$one" "$two" "$work/tmp"
# One look at the checkout, in which somebody may be typing.
tar -cf - --exclude=./.git --exclude=./bin --exclude=./dist --exclude=./bench --exclude='./*-results' . | tar -xf - -C "$one"
(umask 077 && cp -R "$one/." "$two")

# build FOLDER VARIABLE=VALUE...: what make was told by whoever started this is not passed on.
build() {
  local folder=$1
  shift
  env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u GOFLAGS "$@" make -s -C "$folder" build VERSION="$version" REVISION="$revision"
}

build "$one"
build "$two" GOCACHE="${LEAT_REPRODUCIBLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/leat-reproducible}" \
  TZ=Pacific/Kiritimati LC_ALL=C TMPDIR="$work/tmp" GOMAXPROCS=3

if ! cmp "$one/bin/leat" "$two/bin/leat"; then
  echo "reproducible: the two builds differ. What Go has noted of them, and what they tell of where they were built:" >&2
  diff <(go version -m "$one/bin/leat") <(go version -m "$two/bin/leat") >&2 || true
  for binary in "$one/bin/leat" "$two/bin/leat"; do
    { grep -aoE "${work}[[:print:]]{0,60}" "$binary" || true; } | sort -u | head -n 5 >&2
  done
  exit 1
fi
if ! sum=$(sha256sum "$one/bin/leat" 2>/dev/null); then sum=$(shasum -a 256 "$one/bin/leat"); fi
printf 'reproducible: leat %s has the same bytes twice, sha256 %s\n' "$version" "${sum%% *}"
