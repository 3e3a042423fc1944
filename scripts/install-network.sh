#!/usr/bin/env bash
# Installs ip and iptables where they are missing: some fault tests put workers into network namespaces and pull their cables
# (test/faults/network). Those tests are skipped, loudly, where that is not possible, so this script never fails.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

have_tools() { command -v ip >/dev/null 2>&1 && command -v iptables >/dev/null 2>&1; }

leave() {
  say "$1: tests with network namespaces will be skipped"
  exit 0
}

[ "$(uname -s)" = Linux ] || leave "network namespaces are Linux's"
[ "$(id -u)" -eq 0 ] || leave "network namespaces need root, and this is uid $(id -u)"
have_tools && exit 0
say "ip or iptables is not in the PATH"
manager=$(package_manager)
case $manager in
apt-get) install_packages apt-get iproute2 iptables || leave "apt-get could not install iproute2 and iptables" ;;
apk) install_packages apk iproute2 iptables || leave "apk could not install iproute2 and iptables" ;;
dnf) install_packages dnf iproute iptables-nft || leave "dnf could not install iproute and iptables-nft" ;;
*) leave "none of apt-get, apk and dnf is here" ;;
esac
hash -r
have_tools || leave "installed, yet ip or iptables is still not in the PATH"
