#!/usr/bin/env bash
# Links all of checkers/ into a program that knows nothing else of the project.
# Usage: tools/checkers_alone_test.sh COMPILER LIBRARY
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly compiler=$1 library=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A link path of its own for the headers: nothing else of the project is reachable.
mkdir "$work/include"
ln -s "$root/checkers" "$work/include/checkers"

cat >"$work/main.cc" <<'END'
#include <iostream>

#include "checkers/judge.h"

int main() {
  const faultline::Judgement nothing = faultline::judge(faultline::History{});
  std::cout << faultline::to_string(nothing.verdict) << '\n';
}
END

"$compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror -I "$work/include" "$work/main.cc" \
  -Wl,--whole-archive "$library" -Wl,--no-whole-archive -Wl,--no-undefined -pthread -o "$work/main"

verdict=$("$work/main")
[ "$verdict" = unknown ] || { echo "an empty history is '$verdict', not unknown"; exit 1; }

needed=$(readelf -d "$work/main" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
  grep -vE '^(libstdc\+\+|libm|libgcc_s|libc|libpthread|ld-linux[^.]*)\.' || true)
[ -z "$needed" ] || { echo "needs more than the standard library: $needed"; exit 1; }
echo "checkers/ alone: $verdict"
