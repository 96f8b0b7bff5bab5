#!/usr/bin/env bash
# tools/install-nats without a network: what it refuses, and what it finds.
set -euo pipefail
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
complain() { echo "$*"; cat "$work/said"; exit 1; }

for wrong in 2.12 latest 2.12.15/../x --nonsense "2.12.15 2.12.14"; do
  status=0
  # shellcheck disable=SC2086
  "$tools/install-nats" $wrong >"$work/out" 2>"$work/said" || status=$?
  [ $status -eq 254 ] || complain "install-nats $wrong: exit code $status instead of 254"
  [ ! -s "$work/out" ] || complain "install-nats $wrong: printed a path"
  [ "$(wc -l <"$work/said")" -eq 1 ] || complain "install-nats $wrong: not one line"
done
[ ! -e "$XDG_CACHE_HOME" ] || complain "a refused version left something in the cache"

# What lies in the cache is taken, for either product, and without a word.
put() {
  mkdir -p "$(dirname "$1")"
  printf '#!/bin/sh\necho "%s"\n' "$2" >"$1"
  chmod +x "$1"
}
pinned=$(<"$tools/default-nats-version")
server=$XDG_CACHE_HOME/faultline/nats-server/$pinned/nats-server
put "$server" "nats-server: v$pinned"
for arguments in "" "$pinned" "v$pinned"; do
  # shellcheck disable=SC2086
  found=$("$tools/install-nats" $arguments 2>"$work/said")
  [ "$found" = "$server" ] || complain "install-nats $arguments: $found"
  [ ! -s "$work/said" ] || complain "install-nats $arguments: spoke without need"
done
pinned=$(<"$tools/default-nats-cli-version")
client=$XDG_CACHE_HOME/faultline/nats-cli/$pinned/nats
put "$client" "v$pinned"
found=$("$tools/install-nats" --cli 2>"$work/said")
[ "$found" = "$client" ] || complain "install-nats --cli: $found"

# What calls itself another version is not taken: with no way left, an error.
mkdir "$work/bin"
for tool in bash dirname mkdir mktemp flock rm grep head sort uname; do
  ln -s "$(command -v $tool)" "$work/bin"
done
put "$server" "nats-server: v2.0.0"
if [ ! -x /usr/local/go/bin/go ] || [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
  status=0
  unshare -m bash -c 'if [ -d /usr/local/go ]; then mount --bind "$0/bin" /usr/local/go; fi
    PATH=$0/bin "$1/install-nats"' "$work" "$tools" >"$work/out" 2>"$work/said" || status=$?
  [ $status -eq 255 ] || complain "with no way left: exit code $status instead of 255"
  [ ! -s "$work/out" ] || complain "with no way left: printed a path"
  grep -q 'could not get nats-server' "$work/said" || complain "with no way left: does not say so"
fi
[ -z "$(find "$XDG_CACHE_HOME" -name '.install.*')" ] || complain "left its temporary folder"
echo "install-nats: ok"
