#!/usr/bin/env bash
# Puts duckdb.h and libduckdb.so (DuckDB 1.4 LTS, from npm, by pinned version and checksum) into the folder $1.
# Debian 12 has no DuckDB package. Packages are only downloaded and unpacked, never installed: no script of theirs runs.
set -euo pipefail
into=$1
[ -e "$into/.done" ] && exit 0
library=@duckdb/node-bindings-linux-x64@1.4.4-r.4
header=duckdb@1.4.4
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mkdir -p "$into"
get() { # get PACKAGE SHA256 MEMBER TARGET
  echo "fetching $1" >&2
  local file; file=$(cd "$work" && npm pack --silent "$1" | tail -n 1)
  echo "$2  $work/$file" | sha256sum --check --quiet || { echo "fetch_duckdb: $1 has another checksum than pinned; nothing was unpacked" >&2; exit 1; }
  tar -xzOf "$work/$file" "package/$3" >"$4"
}
get "$library" 732fac4dc6b8f198870b9c4bb6ddf13544466daca00ad28ba2f1d80de5d7aa4b libduckdb.so "$into/libduckdb.so"
get "$header" 5bb967dcbcd517670ba5f169f238fb9d6787e53752c60ebe24386169d76941ed src/duckdb/src/include/duckdb.h "$into/duckdb.h"
: >"$into/.done"
