#!/usr/bin/env bash
# Installs redis-server and redis-cli when they are missing. The tests start servers of their own on free ports: a Redis that
# already runs on this machine is neither needed nor touched.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

have_redis() { command -v redis-server >/dev/null 2>&1 && command -v redis-cli >/dev/null 2>&1; }

give_up() {
  say "$1"
  say "the tests need redis-server and redis-cli, 7.0 or newer, in the PATH: install them and run this again"
  exit 1
}

have_redis && exit 0
say "redis-server or redis-cli is not in the PATH"
manager=$(package_manager)
case $manager in
apt-get)
  install_packages apt-get redis-server redis-tools || give_up "apt-get could not install redis-server"
  say "where Debian's package has started a Redis service, nothing here uses it: 'systemctl disable --now redis-server' ends it"
  ;;
apk) install_packages apk redis || give_up "apk could not install redis" ;;
# Fedora 41 and RHEL 10 carry Valkey, whose compat package has the old names.
dnf) install_packages dnf redis || install_packages dnf valkey-compat-redis || give_up "dnf has neither redis nor valkey-compat-redis" ;;
brew) install_packages brew redis || give_up "brew could not install redis" ;;
*) give_up "none of apt-get, apk, dnf and brew is here" ;;
esac
hash -r
have_redis || give_up "installed, yet redis-server or redis-cli is still not in the PATH"
say "$(redis-server --version)"
