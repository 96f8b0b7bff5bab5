#!/usr/bin/env bash
# tools/install-prometheus with an apt-get that fetches nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly install=$PWD/tools/install-prometheus

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME=$scratch/cache PATH=$scratch/bin:$PATH
readonly cached=$XDG_CACHE_HOME/faultline/prometheus
mkdir "$scratch/bin"

fail() { echo "install_prometheus_test: $*" >&2; exit 1; }

# apt_get_that SCRIPT: what the next call of apt-get does.
apt_get_that() {
  printf '#!/bin/sh\n%s\n' "$1" >"$scratch/bin/apt-get"
  chmod +x "$scratch/bin/apt-get"
}

# exits CODE ARGUMENTS...
exits() {
  local status=0
  "$install" "${@:2}" >"$scratch/out" 2>"$scratch/err" || status=$?
  [ $status -eq "$1" ] || fail "exit code $status instead of $1: $(cat "$scratch/err")"
}

apt_get_that 'echo no such package >&2; exit 100'
exits 254 --explode
exits 0 --help
exits 255
grep -q 'try apt-get update' "$scratch/err" || fail "no hint: $(cat "$scratch/err")"
[ -z "$(ls "$XDG_CACHE_HOME/faultline")" ] || fail "something is left of a failure"

mkdir -p "$scratch/deb/DEBIAN" "$scratch/deb/usr/bin"
printf 'Package: prometheus\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' \
  >"$scratch/deb/DEBIAN/control"
touch "$scratch/deb/usr/bin/promtool"
dpkg-deb -b "$scratch/deb" "$scratch/prometheus.deb" >/dev/null
apt_get_that "cp '$scratch/prometheus.deb' ."
exits 0
[ "$(cat "$scratch/out")" = "$cached/bin" ] || fail "printed $(cat "$scratch/out")"
[ "$(cd "$cached" && find . -mindepth 1 | sort | xargs)" = "./bin ./bin/promtool" ] ||
  fail "in the cache: $(find "$cached")"

apt_get_that 'exit 100' # which must not be asked again
exits 0
echo passed
