# shellcheck shell=bash
# Sourced by the install-*.sh scripts beside it: one way to install a system package, whatever the machine calls it.

# say MESSAGE...: one line on stderr, so that standard output stays the tests' own.
say() { printf '==> %s\n' "$*" >&2; }

# as_root COMMAND...: through sudo only when it is needed and there.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    say "cannot run as root (this is uid $(id -u), and there is no sudo): $*"
    return 1
  fi
}

# package_manager: the first of apt-get, apk, dnf and brew that this machine has, or nothing.
package_manager() {
  local name
  for name in apt-get apk dnf brew; do
    if command -v "$name" >/dev/null 2>&1; then
      printf '%s\n' "$name"
      return
    fi
  done
}

# install_packages MANAGER PACKAGE...: says what it does, does it, and shows the manager's own words only when it failed.
install_packages() {
  local manager=$1 log status=0
  shift
  if [ "$(id -u)" -ne 0 ] && [ "$manager" != brew ] && command -v sudo >/dev/null 2>&1; then
    say "installing $* with sudo $manager"
  else
    say "installing $* with $manager"
  fi
  log=$(mktemp)
  install_with "$manager" "$@" >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

install_with() {
  local manager=$1
  shift
  case $manager in
  apt-get)
    # An index may be missing (a fresh container) or old; one source that is down must not stop the others. Another apt
    # may be at work: wait for its lock.
    as_root apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 update ||
      echo "apt-get update failed; trying with the index that is there"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
      install -y --no-install-recommends "$@"
    ;;
  apk) as_root apk add --no-cache "$@" ;;
  dnf) as_root dnf install -y -q "$@" ;;
  brew) brew install "$@" ;;
  *) return 1 ;;
  esac
}
