#!/usr/bin/env bash
# Runs the Go tests of all modules under the race detector: scripts/test.sh, or scripts/test.sh ./internal/store for some
# packages of the service's own module. Each package is shown in go test's own words as soon as it ends, with all that
# it printed where it fails, and the last line says how long everything took.
set -euo pipefail
cd "$(dirname "$0")/.."

# The modules beside the service's own.
modules=(authn bench examples/orders)

# A timeout for tests that hang. The default of go test, 10 minutes, is too short for the longest packages on a busy machine.
limit=1h

# run FOLDER PACKAGE…: gotestsum prints packages as soon as they end; go test alone holds back the output of those behind
# the slowest. Vetting is left to make check: doing it here again costs minutes with a cold cache, most of them in
# SQLite.
run() {
  local folder=$1
  shift
  (cd "$folder" && CGO_ENABLED=1 go tool -modfile="$tools" gotestsum --format standard-quiet --hide-summary=skipped -- \
    -race -gcflags="$uninstrumented" -vet=off -timeout "$limit" "$@")
}
# The race detector skips SQLite's own code, which was translated from C and takes five times as long under it. Only this
# package: a generic function of another package would be linked into ours, and its uses there would not be checked.
uninstrumented=modernc.org/sqlite/lib=-race=false
tools=$PWD/tools/go.mod
# A test program sleeps for a second before it exits, unless it is told not to.
export GORACE=atexit_sleep_ms=10

finished() {
  local status=$?
  if [[ $status -eq 0 ]]; then
    printf 'Go tests: all passed in %dm%02ds\n' $((SECONDS / 60)) $((SECONDS % 60))
  else
    printf 'Go tests: FAILED after %dm%02ds\n' $((SECONDS / 60)) $((SECONDS % 60)) >&2
  fi
}
trap finished EXIT

if [[ $# -gt 0 ]]; then
  run . "$@"
  exit
fi
printf 'Go tests: this takes about 15 minutes on two processors, and as long again the first time, which compiles everything.\n'
run . ./...
for module in "${modules[@]}"; do
  printf 'Go tests: the module %s\n' "$module"
  run "$module" ./...
done
# Other services import authn, and may be built with an older Go than this one.
oldest=go$(sed -n 's/^go //p' authn/go.mod)
printf 'Go tests: the module authn, with %s\n' "$oldest"
(cd authn && GOTOOLCHAIN=$oldest CGO_ENABLED=0 go test -vet=off -timeout "$limit" ./...)
