#!/usr/bin/env bash
# The workflows of CI, read by actionlint, which has shellcheck read their steps.
# Without Go 1.24 and a network to get actionlint with the test is skipped (77), unless
# FAULTLINE_REQUIRE names actionlint.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly version=1.7.12
readonly folder=${XDG_CACHE_HOME:-$HOME/.cache}/faultline/actionlint/$version
readonly actionlint=$folder/actionlint

skip() {
  [[ ,${FAULTLINE_REQUIRE:-}, != *,actionlint,* ]] || { echo "not here, but required: $*"; exit 1; }
  echo "faultline: needs $*"
  exit 77
}

# In one step, so that who is killed or comes second leaves or meets no part of it.
get_actionlint() {
  local go part
  go=$(command -v go || echo /usr/local/go/bin/go)
  [ -x "$go" ] || skip "Go, to build actionlint with"
  mkdir -p "$folder"
  part=$(mktemp -d "$folder/.part.XXXXXX")
  if GOBIN=$part GOWORK=off CGO_ENABLED=0 timeout 500 "$go" install -trimpath \
    "github.com/rhysd/actionlint/cmd/actionlint@v$version" >"$part/log" 2>&1; then
    mv -f "$part/actionlint" "$actionlint"
    rm -rf "$part"
  else
    tail -n 3 "$part/log"
    rm -rf "$part"
    skip "actionlint $version, which Go could not build"
  fi
}

[ -x "$actionlint" ] || get_actionlint
command -v shellcheck >/dev/null || skip "shellcheck, for the steps of the workflows"

# It must be able to say no: to what it reads itself, and to what shellcheck does.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed 's/needs: versions/needs: nothing-of-that-name/' .github/workflows/nightly.yml >"$work/job.yml"
# shellcheck disable=SC2016
sed 's/"\$VERSION"/$VERSION/' .github/workflows/nightly.yml >"$work/quotes.yml"
for wrong in job quotes; do
  ! "$actionlint" "$work/$wrong.yml" >/dev/null || { echo "actionlint accepts $wrong.yml"; exit 1; }
done

"$actionlint" .github/workflows/*.yml
echo "workflows: ok"
