#!/usr/bin/env bash
# Tests the packages for Node and for Python (clients/) at the same time, since most of it is waiting: on their own, beside a
# running service, and their types. scripts/test-clients.sh has installed what they need.
#
#   SVC_USERS_BIN   the binary to start
#   VENV            the virtual environment with the package for Python
#   DEBIAN_PYTHON   a Python with Debian's PyJWT and cryptography
set -euo pipefail
cd "$(dirname "$0")/.."
: "${SVC_USERS_BIN:?}" "${VENV:?}" "${DEBIAN_PYTHON:?}"
export PYTHONDONTWRITEBYTECODE=1

test_node() {
  npm --prefix clients/node test --silent
  npm --prefix clients/node run --silent test:service
  npm --prefix clients/node run --silent check
}

test_python() {
  env -C clients/python/tests PYTHONPATH=../../../tests/clients "$VENV/bin/python" \
    -m unittest -v test_vectors test_keys test_check test_statements test_changes test_frameworks with_service
  env -C clients/python/tests PYTHONPATH=../src "$DEBIAN_PYTHON" -W ignore::DeprecationWarning -m unittest test_vectors test_keys test_check
  env -C clients/python "$VENV/bin/python" -m mypy
}

output=$(mktemp)
trap 'rm -f "$output"' EXIT
(
  set -e
  test_python
) >"$output" 2>&1 &
python=$!
trap 'kill "$python" 2>/dev/null || true; exit 130' INT TERM
failed=0
(
  set -e
  test_node
) || failed=1
wait "$python" || failed=1
cat "$output"
exit "$failed"
