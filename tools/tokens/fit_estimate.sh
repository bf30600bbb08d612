#!/usr/bin/env bash
# Builds and runs tools/tokens/fit_estimate.cc: fit_estimate.sh TRAIN.jsonl HELD_OUT.jsonl…
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT
g++ -std=c++23 -O2 -I"$root/src" "$root"/tools/tokens/fit_estimate.cc \
  "$root"/src/tokens/{encoding,byte_pairs,rank_table,pre_tokenizer,unicode,estimate}.cc -lsimdjson -o "$out/fit"
"$out/fit" "$@"
