#!/usr/bin/env bash
# Generates clients from the OpenAPI document with seven generators, compiles them and uses the service through each:
# tests/clients/generated. The generators, all pinned there, are installed into bin/clients and that folder's node_modules,
# and nowhere else; where they are there already, nothing is fetched.
#
#   SVC_USERS_BIN   the binary to start (scripts/test-clients.sh sets it)
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/tests/clients/generated
export TOOLS=$PWD/bin/clients
export PYTHON=python3

fail() {
  printf 'generated-clients: %s\n' "$*" >&2
  exit 1
}

# up_to_date PART FILE: whether the part of the tools was installed whole, from this very file.
up_to_date() { cmp -s "$TOOLS/$1.installed" "$2"; }

# installed PART FILE: records that it was installed.
installed() { cp "$2" "$TOOLS/$1.installed"; }

for program in node npm java javac mvn "$PYTHON" go; do
  command -v "$program" >/dev/null || fail "please install $program"
done
[[ -n ${SVC_USERS_BIN:-} ]] || fail "SVC_USERS_BIN names no binary"
mkdir -p "$TOOLS"

if ! up_to_date npm "$folder/package-lock.json" || [[ ! -d $folder/node_modules ]]; then
  (cd "$folder" && npm ci --silent --no-audit --no-fund) || fail "npm ci failed in $folder; is the npm registry within reach?"
  installed npm "$folder/package-lock.json"
fi
if ! up_to_date python "$folder/requirements.txt"; then
  "$PYTHON" -m pip --version >/dev/null || fail "please install pip for Python 3 (Debian: python3-pip)"
  rm -rf "$TOOLS/python"
  "$PYTHON" -m pip install --quiet --root-user-action ignore --disable-pip-version-check --no-deps --only-binary :all: \
    --target "$TOOLS/python" -r "$folder/requirements.txt" || fail "pip could not install $folder/requirements.txt"
  installed python "$folder/requirements.txt"
fi
if ! up_to_date java "$folder/pom.xml"; then
  rm -rf "$TOOLS/java"
  mvn --batch-mode --quiet --file "$folder/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DoutputDirectory="$TOOLS/java" || fail "Maven could not fetch what $folder/pom.xml names"
  installed java "$folder/pom.xml"
fi
exec node --test --test-reporter=spec "$folder/clients.test.mjs"
