#!/bin/sh
# Fetches newer Redis and Valkey servers for the tests, beside whatever the machine has: nothing is installed.
#
#   scripts/fetch-redis.sh              every server that can be had, into the cache folder
#   scripts/fetch-redis.sh redis        only Redis (or: valkey)
#
# It works on Debian and its kin: packages of newer suites come from the mirror that the machine's own apt sources name, are
# unpacked into the cache and run with the C library that came with them. Where that is impossible the script says so and
# exits 0, since the machine's own redis-server is the one that the tests need.
#
# The cache folder is $LEAT_REDIS_CACHE, else ${XDG_CACHE_HOME:-$HOME/.cache}/leat-redis. It gets one folder per server,
# redis-<version> and valkey-<version>, with a launcher named redis-server or valkey-server; internal/redistest finds them there.
# A version that is already there is not fetched again, and the mirror is asked once a day at most.
set -eu

cache=${LEAT_REDIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/leat-redis}

say() { printf 'fetch-redis: %s\n' "$*" >&2; }
give_up() { say "$*; the tests run on the machine's own redis-server only"; exit 0; }

# mirror prints the first archive of the Debian distribution itself (not of security updates) in the machine's apt sources.
# The codename marks it: it is what the sources of Debian and of nobody else offer.
mirror() {
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	[ -n "$codename" ] || return 0
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null | awk -v suite="$codename" '
		/^#/ { next }
		$1 == "URIs:" { uri = $2 }
		$1 == "Suites:" { for (i = 2; i <= NF; i++) if ($i == suite && uri != "") { print uri; exit } }
		$1 == "deb" { i = 2; if ($i ~ /^\[/) { while ($i !~ /\]$/) i++; i++ }; if ($(i + 1) == suite) { print $i; exit } }
	'
}

# root_apt SUITES runs apt-get with a state of its own: an empty list of installed packages makes apt bring the suite's own
# C library along, and nothing of the machine's apt is read or changed but its keys.
root_apt() {
	apt-get -q -o Dir::State="$root/state" -o Dir::State::status="$root/status" -o Dir::Cache="$root/cache" \
		-o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o APT::Sandbox::User=root -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"
}

# prepare SUITE... makes the scratch apt root for these suites.
prepare() {
	rm -rf "$root"
	mkdir -p "$root/state/lists/partial" "$root/cache/archives/partial"
	: >"$root/status"
	for suite in "$@"; do
		printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$archive" "$suite"
	done >"$root/sources.list"
	root_apt update >"$root/log" 2>&1
}

# launcher FOLDER NAME writes the program that starts FOLDER's server with FOLDER's own loader and libraries. It replaces itself
# (exec), so signals and process ids are the server's.
launcher() {
	loader=$(cd "$1" && find . -name 'ld-linux*' \( -type f -o -type l \) | sort | head -n 1)
	binary=$(cd "$1" && find . -path "*/bin/$2" | head -n 1)
	[ -n "$loader" ] && [ -n "$binary" ] || return 1
	libraries=$(cd "$1" && find ./lib* ./usr/lib* -name 'lib*.so*' -exec dirname {} \; 2>/dev/null | sort -u | sed 's|^\.|$here|' | paste -sd : -)
	cat >"$1/$2" <<LAUNCHER
#!/bin/sh
here=\$(cd "\$(dirname "\$0")" && pwd)
exec "\$here/$loader" --library-path "$libraries" --argv0 "$2" "\$here/$binary" "\$@"
LAUNCHER
	chmod +x "$1/$2"
	"$1/$2" --version >/dev/null
}

# fetch KIND SUITE... puts KIND's newest server from the suites into the cache.
fetch() {
	kind=$1
	server=$kind-server
	shift
	if [ -n "$(find "$cache/.asked-$kind" -mtime -1 2>/dev/null)" ]; then
		say "the mirror was asked for $kind less than a day ago (remove $cache/.asked-$kind to ask again)"
		return 0
	fi
	prepare "$@" || { say "no $kind from $*: $(tail -n 1 "$root/log")"; return 0; }
	suite=
	for s in "$@"; do suite=$s; done # the last one is the newest
	root_apt install -y --no-install-recommends --download-only -t "$suite" "$server" >"$root/log" 2>&1 ||
		{ say "no $kind from $suite: $(tail -n 1 "$root/log")"; return 0; }
	package=$(find "$root/cache/archives" -name "$kind-tools_*.deb" -o -name "${server}_*.deb" | sort | tail -n 1)
	version=$(dpkg-deb -f "$package" Version | sed 's/^[0-9]*://; s/[-+~].*//')
	target=$cache/$kind-$version
	if [ -x "$target/$server" ]; then
		say "$kind $version is there already"
		: >"$cache/.asked-$kind"
		return 0
	fi
	rm -rf "$target.part"
	mkdir -p "$target.part"
	for deb in "$root"/cache/archives/*.deb; do dpkg -x "$deb" "$target.part"; done
	if ! launcher "$target.part" "$server"; then
		say "$kind $version from $suite does not start on this machine"
		rm -rf "$target.part"
		return 0
	fi
	rm -rf "$target"
	mv "$target.part" "$target"
	: >"$cache/.asked-$kind"
	say "$kind $version from $suite is in $target"
}

for tool in apt-get dpkg dpkg-deb awk; do
	command -v "$tool" >/dev/null 2>&1 || give_up "this machine has no $tool"
done
archive=$(mirror)
[ -n "$archive" ] || give_up "no Debian archive in the machine's apt sources"
mkdir -p "$cache"
root=$(mktemp -d "$cache/.apt.XXXXXX")
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT TERM

case ${1:-all} in
redis) fetch redis sid experimental ;;
valkey) fetch valkey sid ;;
all)
	fetch redis sid experimental
	fetch valkey sid
	;;
*) say "usage: $0 [redis|valkey]"; exit 2 ;;
esac
