#!/usr/bin/env bash
# Installs prometheus and promtool where they are missing: the tests let promtool look at what /metrics says. No service of
# this machine is used or needed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

have_prometheus() { command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1; }

give_up() {
  say "$1"
  say "the tests need prometheus and promtool, 2.42 or newer, in the PATH: install them and run this again"
  exit 1
}

have_prometheus && exit 0
say "prometheus or promtool is not in the PATH"
manager=$(package_manager)
case $manager in
apt-get)
  install_packages apt-get prometheus || give_up "apt-get could not install prometheus"
  say "where Debian's package has started a Prometheus service, nothing here uses it: 'systemctl disable --now prometheus' ends it"
  ;;
apk) install_packages apk prometheus || give_up "apk could not install prometheus" ;;
dnf) install_packages dnf golang-github-prometheus || give_up "dnf could not install golang-github-prometheus" ;;
brew) install_packages brew prometheus || give_up "brew could not install prometheus" ;;
*) give_up "none of apt-get, apk, dnf and brew is here" ;;
esac
hash -r
have_prometheus || give_up "installed, yet prometheus or promtool is still not in the PATH"
say "$(promtool --version 2>&1 | head -n 1)"
