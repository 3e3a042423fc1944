#!/usr/bin/env bash
# Installs a real STAC API server where it is missing: stac-fastapi with pgSTAC in PostgreSQL, rustac, and pystac-client as a second
# opinion on what a server has (test/stacserver). PostgreSQL with PostGIS is a system package; what is Python goes into a virtual
# environment in the user's cache folder, and nothing else on the machine changes. The tests start servers of their own on free
# ports. The last line on standard output is the folder of the virtual environment.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# A folder per set of versions: another set makes another folder, and the old one can be deleted.
packages=('stac-fastapi-pgstac[server]==6.3.1' 'pypgstac[psycopg]==0.9.11' 'rustac==0.9.18' 'pystac-client==0.9.1')
case $(uname -s) in
Darwin) cache=$HOME/Library/Caches ;;
*) cache=${XDG_CACHE_HOME:-$HOME/.cache} ;;
esac
venv=$cache/leat/stac-6.3.1-0.9.11-0.9.18-0.9.1

# Debian keeps PostgreSQL's programs out of the PATH, a folder per version; PostGIS is one control file in the extensions' folder.
have_postgres() {
  local bin
  for bin in /usr/lib/postgresql/*/bin "$(dirname "$(command -v initdb 2>/dev/null || echo /none/initdb)")"; do
    [ -x "$bin/initdb" ] && [ -f "$("$bin/pg_config" --sharedir 2>/dev/null)/extension/postgis.control" ] && return 0
  done
  return 1
}

give_up() {
  say "$1"
  say "make test-stac needs PostgreSQL 13 or newer with PostGIS 3, and Python 3.11 or newer with pip and venv"
  exit 1
}

if ! have_postgres; then
  say "PostgreSQL with PostGIS is not there"
  case $(package_manager) in
  apt-get)
    install_packages apt-get postgresql-15 postgresql-15-postgis-3 || install_packages apt-get postgresql postgis postgresql-postgis ||
      give_up "apt-get could not install PostgreSQL and PostGIS"
    say "where Debian's package has started a PostgreSQL service, nothing here uses it: 'systemctl disable --now postgresql' ends it"
    ;;
  apk) install_packages apk postgresql15 postgis || give_up "apk could not install PostgreSQL and PostGIS" ;;
  dnf) install_packages dnf postgresql-server postgis || give_up "dnf could not install PostgreSQL and PostGIS" ;;
  brew) install_packages brew postgresql postgis || give_up "brew could not install PostgreSQL and PostGIS" ;;
  *) give_up "none of apt-get, apk, dnf and brew is here" ;;
  esac
  have_postgres || give_up "installed, yet initdb, or PostGIS beside it, is still not to be found"
fi

# The mark is written last: a run that was interrupted leaves a folder that is made anew.
if [ ! -f "$venv/complete" ]; then
  command -v python3 >/dev/null 2>&1 || give_up "python3 is not in the PATH"
  say "installing ${packages[*]} into $venv"
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  # Debian has venv in a package of its own.
  if ! python3 -m venv "$venv" >/dev/null 2>&1; then
    if [ "$(package_manager)" = apt-get ]; then install_packages apt-get python3-venv || true; fi
    python3 -m venv "$venv" || give_up "python3 -m venv does not work here"
  fi
  log=$(mktemp)
  if ! "$venv/bin/pip" install --disable-pip-version-check --quiet "${packages[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    rm -rf "$log" "$venv"
    give_up "pip could not install them: is the package registry in reach?"
  fi
  rm -f "$log"
  touch "$venv/complete"
fi
printf '%s\n' "$venv"
