#!/usr/bin/env bash
# Tests the built service with clients that share no code with it: Node's jose and openid-client on its tokens, its
# discovery and its client credentials, Spring Security on its introspection, Debian's PyJWT, bcrypt and passlib on its
# tokens and password hashes, Chromium on its documentation page, and clients that are generated from its OpenAPI document
# (scripts/generated-clients.sh). Tests the packages for Node and Python (clients/) and the examples that use them.
#
# Installs what is missing with apt-get where it may (root, or sudo without a password); else it fails and says
# what to install. Nothing is ever skipped.
#
#   SVC_USERS_BIN   test this binary instead of building one
#   CHROMIUM        test with this browser instead of Debian's
#   SCREENSHOTS     a folder to put pictures of the documentation page into
set -euo pipefail
cd "$(dirname "$0")/.."

# A timeout for steps that hang.
step_seconds=1800

# The modules of Debian's packages are those of Debian's own Python, whatever python3 the PATH finds first.
python=/usr/bin/python3

fail() {
  printf 'test-clients: %s\n' "$*" >&2
  exit 1
}

# has PACKAGE: whether the files that the tests need of this Debian package exist, however they were installed.
has() {
  case $1 in
    nodejs) command -v node >/dev/null ;;
    npm) command -v npm >/dev/null ;;
    chromium) command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null ;;
    python3) [ -x "$python" ] ;;
    python3-jwt) "$python" -c 'import jwt' 2>/dev/null ;;
    python3-cryptography) "$python" -c 'import cryptography' 2>/dev/null ;;
    python3-bcrypt) "$python" -c 'import bcrypt' 2>/dev/null ;;
    python3-passlib) "$python" -W ignore -c 'import passlib' 2>/dev/null ;;
    python3-pip) python3 -m pip --version >/dev/null 2>&1 ;;
    openjdk-17-jdk-headless) command -v javac >/dev/null ;;
    maven) command -v mvn >/dev/null ;;
  esac
}

needed=(nodejs npm chromium python3 python3-jwt python3-cryptography python3-bcrypt python3-passlib
  python3-pip openjdk-17-jdk-headless maven)

missing() {
  local package
  for package in "${needed[@]}"; do
    has "$package" || printf '%s ' "$package"
  done
}

install_missing() {
  local packages as_root=()
  read -r -a packages <<<"$(missing)"
  [ ${#packages[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "please install ${packages[*]} (Debian's names)"
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || fail "please install what is missing: sudo apt-get install ${packages[*]}"
    as_root=(sudo -n)
  fi
  echo "test-clients: installing ${packages[*]}"
  "${as_root[@]}" timeout 300 apt-get update -qq >&2 || fail "apt-get update failed; please install ${packages[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive timeout 900 apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2 ||
    fail "apt-get could not install ${packages[*]}; please install them"
  packages=()
  read -r -a packages <<<"$(missing)"
  [ ${#packages[@]} = 0 ] || fail "still missing after the installation: ${packages[*]}"
}

# step NAME COMMAND…: runs one step within its time, with its output, and remembers whether it failed. It runs in
# the background because timeout gives it a process group of its own, which Ctrl-C does not reach: the trap does.
failed=()
running=
step() {
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  timeout --kill-after=20 "$step_seconds" "$@" &
  running=$!
  wait "$running" || failed+=("$name")
  running=
}

stop() {
  if [ -n "$running" ]; then
    kill "$running"
    wait "$running" || true
  fi
  exit 130
}

[ -z "${CHROMIUM:-}" ] || command -v "$CHROMIUM" >/dev/null || fail "CHROMIUM names $CHROMIUM, which is no program"
install_missing
node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' ||
  fail "node is $(node --version), and version 20.19 or later is needed"
command -v go >/dev/null || [ -n "${SVC_USERS_BIN:-}" ] || fail "please install Go (https://go.dev/doc/install)"

# All files of a test are in this folder, which is removed even when the test is stopped half-way. PostgreSQL, which runs
# as a user of its own, has to reach its files in it.
scratch=$(mktemp -d)
chmod 711 "$scratch"
export TMPDIR=$scratch
trap 'rm -rf "$scratch"' EXIT
trap stop INT TERM

if [ -z "${SVC_USERS_BIN:-}" ]; then
  CGO_ENABLED=0 go build -o "$scratch/svc-users" ./cmd/svc-users
  SVC_USERS_BIN=$scratch/svc-users
fi
SVC_USERS_BIN=$(realpath "$SVC_USERS_BIN")
export SVC_USERS_BIN

for folder in tests/clients tests/browser clients/node examples/node; do
  (cd "$folder" && timeout 1800 npm ci --silent) || fail "npm ci failed in $folder; is the npm registry within reach?"
done

# What the package for Python is tested with, all pinned, in a virtual environment that is made anew when the list changes;
# then the package itself, as pip installs it.
venv=$PWD/bin/clients/verifier
list=clients/python/tests/requirements.txt
pip() { python3 -m pip --python "$venv/bin/python" --quiet --disable-pip-version-check "$@"; }
if ! cmp -s "$venv/installed" "$list"; then
  rm -rf "$venv"
  mkdir -p bin/clients
  "$python" -m venv --without-pip "$venv" || fail "$python could not make a virtual environment"
  pip install --no-deps --only-binary :all: -r "$list" || fail "pip could not install $list"
  cp "$list" "$venv/installed"
fi
pip install --no-deps --no-build-isolation --no-index --force-reinstall clients/python || fail "pip could not install clients/python"

echo "test-clients: node $(node --version), $("$python" --version), $("${CHROMIUM:-/usr/bin/chromium}" --version 2>/dev/null)"
step "Node: jose on tokens and keys, openid-client on discovery and client credentials" \
  env -C tests/clients node --test --test-reporter=spec jose.test.mjs discovery.test.mjs credentials.test.mjs
step "Maven: a resource server of Spring Boot" \
  mvn --batch-mode --quiet --file tests/clients/spring/pom.xml package "-Dtarget=$scratch/spring"
step "Spring Security: introspection and a token by id and secret" \
  env -C tests/clients "SPRING_JAR=$scratch/spring/spring-resource-server-1.jar" node --test --test-reporter=spec spring.test.mjs
step "Python: PyJWT on tokens and keys, bcrypt and passlib on password hashes" \
  env -C tests/clients PYTHONDONTWRITEBYTECODE=1 "$python" -W ignore::DeprecationWarning -m unittest -v test_tokens test_passwords
step "Go, jose and PyJWT: six rotations of signing keys, under load and kill -9" \
  go test -count=1 -vet=off -timeout 25m ./tests/keys -args -clients
step "The packages for Node and Python that verify tokens" env VENV="$venv" DEBIAN_PYTHON="$python" scripts/test-packages.sh
step "Node: the example that uses its package" \
  env -C examples/node node --test --test-reporter=spec server.test.mjs
step "Python: the example that uses its package" \
  env -C examples/python PYTHONPATH=../../tests/clients PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m unittest -v test_server
step "Chromium: the documentation page" \
  env -C tests/browser node --test --test-reporter=spec docs.test.mjs
step "Chromium: a session of three tabs and a service worker" \
  env -C tests/browser node --test --test-reporter=spec session.test.mjs
step "Seven generators of clients, and two linters, on the OpenAPI document" scripts/generated-clients.sh

if [ ${#failed[@]} -gt 0 ]; then
  printf '\n' >&2
  for name in "${failed[@]}"; do printf 'test-clients: failed: %s\n' "$name" >&2; done
  exit 1
fi
printf '\ntest-clients: all passed\n'
