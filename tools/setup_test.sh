#!/usr/bin/env bash
# tools/setup --no-install names what is missing and touches nothing.
set -euo pipefail
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
complain() { echo "$*"; cat "$work/said"; exit 1; }

# A checkout with nothing but the scripts, which needs a package that cannot be.
mkdir "$work/tools"
cp "$tools/setup" "$tools/packages" "$tools/test-packages" "$work/tools"
cp "$tools/../run" "$tools/../test" "$tools/../bench" "$work"
echo no-such-package-faultline >>"$work/tools/packages"

for command in "tools/setup --no-install release" "run --no-install list" "test --no-install" \
  "bench --no-install"; do
  status=0
  # shellcheck disable=SC2086
  "$work"/$command >"$work/said" 2>&1 || status=$?
  [ $status -eq 254 ] || complain "$command: exit code $status instead of 254"
  grep -q '^faultline: missing: .*no-such-package-faultline.*apt-get install' "$work/said" ||
    complain "$command: does not say what is missing and how to install it"
  [ ! -e "$work/build" ] || complain "$command: made a build folder"
done

status=0
"$tools/setup" --nonsense >"$work/said" 2>&1 || status=$?
[ $status -eq 254 ] || complain "a wrong option: exit code $status instead of 254"
echo "setup: ok"
