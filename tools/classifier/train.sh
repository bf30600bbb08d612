#!/usr/bin/env bash
# Builds tools/classifier/train.cc and runs it with the given arguments (see there).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ -e "$root/src/classify/classifier.weights" ] || : >"$root/src/classify/classifier.weights" # the first training
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT
g++ -std=c++23 -O2 -I"$root/src" "$root"/tools/classifier/train.cc "$root"/src/classify/{features,classifier}.cc \
  -lsimdjson -o "$out/train"
"$out/train" "$@"
# The build does not see what a source file embeds.
if [ "$1" = train ]; then touch "$root/src/classify/classifier.cc"; fi
