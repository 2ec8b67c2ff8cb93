#!/usr/bin/env bash
# Looks for known vulnerabilities that the code can reach, with the Go that go.mod names, which is what releases are
# built with. The database is https://vuln.go.dev, or, where that can't be reached, its newest snapshot that the module
# proxy has (the module golang.org/x/vulndb). With neither, nothing is known, and the check fails unless
# VULNCHECK_OFFLINE=skip says that it may be skipped. The last line, and bin/vulncheck.txt, say which database was used.
set -uo pipefail
cd "$(dirname "$0")/.."

GOTOOLCHAIN=$(sed -n 's/^toolchain //p' go.mod)
export GOTOOLCHAIN
modules=(. authn bench examples/orders)

# scan DATABASE…: all modules. The exit status is the first that is not 0: 3 where something was found.
output=
scan() {
  local module status
  for module in "${modules[@]}"; do
    output=$(go tool -modfile=tools/go.mod govulncheck -C "$module" "$@" ./... 2>&1)
    status=$?
    echo "== $module"
    echo "$output"
    [[ $status -eq 0 ]] || return "$status"
  done
}

ended() {
  mkdir -p bin
  echo "$2" | tee bin/vulncheck.txt
  exit "$1"
}

scan
status=$?
[[ $status -ne 0 ]] || ended 0 "vulnerabilities: none known that the code can reach, by vuln.go.dev, with $GOTOOLCHAIN"
# Any error other than an unreachable database is a failure.
if [[ $status -eq 3 || $output != *vuln.go.dev* ]]; then
  ended "$status" "vulnerabilities: FAILED, see above"
fi

snapshot=$(cd / && go mod download -json golang.org/x/vulndb@latest)
folder=$(sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p' <<<"$snapshot")
day=$(sed -n 's/^.*"Version": "v0\.0\.0-\([0-9]\{4\}\)\([0-9]\{2\}\)\([0-9]\{2\}\).*$/\1-\2-\3/p' <<<"$snapshot")
if [[ -n $folder && -n $day && -d $folder/data/osv ]]; then
  scan -db "file://$folder/data/osv"
  status=$?
  [[ $status -eq 0 ]] || ended "$status" "vulnerabilities: FAILED, see above (by the snapshot of $day)"
  ended 0 "vulnerabilities: none known that the code can reach, by the snapshot of $day (vuln.go.dev is out of reach), with $GOTOOLCHAIN"
fi

if [[ ${VULNCHECK_OFFLINE:-} == skip ]]; then
  ended 0 "vulnerabilities: SKIPPED, as VULNCHECK_OFFLINE=skip says: neither vuln.go.dev nor a snapshot of it can be reached, and nothing is known"
fi
ended 1 "vulnerabilities: FAILED: neither vuln.go.dev nor a snapshot of it can be reached; VULNCHECK_OFFLINE=skip lets the check pass without"
