#!/usr/bin/env bash
# tune.sh BUILD_DIR: makes BUILD_DIR/kairosroute-tuned from BUILD_DIR/kairosroute_tunable: the same program, but what
# requests execute lies side by side and the rest elsewhere. A request runs through more code than the first caches
# hold, so it spends much of its time waiting for instructions. What is executed is learnt from the demo's traffic.
set -euo pipefail
cd "$1"
bolt=/usr/lib/llvm-19/bin/llvm-bolt
work=$(mktemp -d ./tuning.XXXXXX)
demo=
counting=kairosroute-counting.$$ # here, since it looks for libduckdb.so in its own folder
trap '[ -z "$demo" ] || kill -9 "$demo" 2>/dev/null || true; rm -rf "$work" "$counting"' EXIT
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }; }

quietly "$bolt" kairosroute_tunable -instrument --instrumentation-file="$PWD/$work/profile" -o "$counting"
"./$counting" demo --listen 127.0.0.1:0 --data-dir "$work/data" --history 0 --rate 0 >"$work/demo.log" 2>&1 &
demo=$!
url=
while [ -z "$url" ]; do
  kill -0 "$demo" 2>/dev/null || { cat "$work/demo.log" >&2; exit 1; }
  url=$(grep -om1 'http://127.0.0.1:[0-9]*' "$work/demo.log" || sleep 0.1)
done
quietly ./kairosroute traffic --url "$url" --requests 4000 --rate 400 --concurrency 2000
quietly ./kairosroute traffic --url "$url" --requests 10 --rate 1000 --concurrency 1 # one that is alone takes other ways
kill -TERM "$demo"
wait "$demo"
demo=
quietly "$bolt" kairosroute_tunable -data="$work/profile" -o "$work/tuned" -reorder-blocks=ext-tsp -reorder-functions=cdsort \
  -split-functions -split-all-cold -split-eh -icf=1 -plt=all
mv "$work/tuned" kairosroute-tuned
