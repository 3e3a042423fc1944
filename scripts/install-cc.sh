#!/usr/bin/env bash
# Installs a C compiler and the C library's headers when they are missing: Go's race detector is linked through cgo.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# links: the question is not whether a compiler is there, but whether it builds a program with the C library.
links() {
  local dir status=0
  dir=$(mktemp -d)
  printf '#include <pthread.h>\nint main(void) { return 0; }\n' >"$dir/a.c"
  # go env CC may be a command with flags: split it.
  # shellcheck disable=SC2046
  $(go env CC) -o "$dir/a.out" "$dir/a.c" -lpthread >/dev/null 2>&1 || status=1
  rm -rf "$dir"
  return $status
}

give_up() {
  say "$1"
  say "the race detector needs a C compiler ($(go env CC)) with the C library's headers: install them and run this again"
  exit 1
}

links && exit 0
say "$(go env CC) is missing or cannot build a program"
case $(package_manager) in
apt-get) install_packages apt-get gcc libc6-dev || give_up "apt-get could not install gcc" ;;
apk) install_packages apk gcc musl-dev || give_up "apk could not install gcc" ;;
dnf) install_packages dnf gcc glibc-devel || give_up "dnf could not install gcc" ;;
brew) give_up "on macOS the compiler comes with: xcode-select --install" ;;
*) give_up "none of apt-get, apk, dnf and brew is here" ;;
esac
hash -r
links || give_up "installed, yet $(go env CC) still cannot build a program"
