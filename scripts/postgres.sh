#!/usr/bin/env bash
# Makes sure that the tests find a PostgreSQL: a server named by TEST_DATABASE_URL, or the programs of one, from
# which each test run starts a throw-away cluster of its own (internal/pgtest). What is missing is installed where
# that is possible without asking; else one sentence says what to do.
set -euo pipefail

if [[ -n ${TEST_DATABASE_URL:-} ]]; then
  echo "PostgreSQL: the server of TEST_DATABASE_URL"
  exit
fi

# The same places as in internal/pgtest/binaries.go.
find_initdb() {
  local candidate
  for candidate in "${PG_BIN:-}/initdb" "$(command -v initdb || true)" /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb \
    /opt/homebrew/opt/postgresql@*/bin/initdb /usr/local/opt/postgresql@*/bin/initdb; do
    if [[ -x $candidate && ! -d $candidate ]]; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

if found=$(find_initdb); then
  echo "PostgreSQL: $(dirname "$found")"
  exit
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
  as_root=(sudo -n)
fi
if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
  echo "PostgreSQL: none found, installing it with apt-get"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
  find_initdb >/dev/null && exit
fi

echo "The tests need PostgreSQL: install it (Debian and Ubuntu: apt-get install postgresql), or set PG_BIN to the folder of initdb, or TEST_DATABASE_URL to a server where databases may be created." >&2
exit 1
