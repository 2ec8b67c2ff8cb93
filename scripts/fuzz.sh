#!/usr/bin/env bash
# Runs every fuzz target for a while each: scripts/fuzz.sh 10s. Go takes one target at a time.
set -euo pipefail

seconds=${1:-10s}
while IFS=: read -r file target; do
  package=./$(dirname "$file")
  echo "== $package $target"
  # From inside its folder, which may be of another module.
  go -C "$package" test -run '^$' -fuzz "^$target\$" -fuzztime "$seconds" .
done < <(git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -HoE '^func Fuzz[A-Za-z0-9_]+' | sed 's/func //')
