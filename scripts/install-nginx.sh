#!/usr/bin/env bash
# Installs nginx where it is missing: static STAC catalogs are served by it in the tests of stac, with ETags, passwords and
# a rate limit. The tests start servers of their own on free ports, without root: one that already runs is not touched.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# Debian has it in /usr/sbin, which is not in everybody's PATH.
have_nginx() { PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nginx >/dev/null 2>&1; }

give_up() {
  say "$1"
  say "the tests of stac need nginx 1.18 or newer, in the PATH or in /usr/sbin: install it and run this again"
  exit 1
}

have_nginx && exit 0
say "nginx is not in the PATH"
manager=$(package_manager)
case $manager in
apt-get)
  install_packages apt-get nginx-light || install_packages apt-get nginx || give_up "apt-get could not install nginx"
  say "where Debian's package has started an nginx service, nothing here uses it: 'systemctl disable --now nginx' ends it"
  ;;
apk) install_packages apk nginx || give_up "apk could not install nginx" ;;
dnf) install_packages dnf nginx || give_up "dnf could not install nginx" ;;
brew) install_packages brew nginx || give_up "brew could not install nginx" ;;
*) give_up "none of apt-get, apk, dnf and brew is here" ;;
esac
hash -r
have_nginx || give_up "installed, yet nginx is still neither in the PATH nor in /usr/sbin"
say "$(PATH=$PATH:/usr/sbin:/usr/local/sbin nginx -v 2>&1)"
