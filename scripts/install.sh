#!/usr/bin/env bash
# Makes sure that the tests find the programs they put around the service: scripts/install.sh nginx:nginx-light haproxy
# wants the program nginx, which is in Debian's package nginx-light, and haproxy, which is in the package of its name.
# What is missing is installed where that is possible without asking; else one sentence says so, and the tests that
# need it are skipped, or fail where CI is set.
set -euo pipefail

# Debian installs servers in sbin, which is not in the PATH of every user.
found() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null; }

programs=("$@")
missing() {
  local program
  for program in "${programs[@]}"; do
    found "${program%%:*}" || printf '%s ' "${program##*:}"
  done
}

read -r -a packages <<<"$(missing)"
[[ ${#packages[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $EUID -ne 0 ]]; then
  as_root=(sudo -n)
fi
if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
  echo "Programs for the tests: installing ${packages[*]} with apt-get"
  # RUNLEVEL=1: installed to be run by the tests, and not started to serve.
  if "${as_root[@]}" apt-get update -qq; then
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null || true
  fi
  packages=()
  read -r -a packages <<<"$(missing)"
  [[ ${#packages[@]} -gt 0 ]] || exit 0
fi

echo "Some tests need what is missing here (Debian's names): ${packages[*]}" >&2
[[ ${CI:-} != true ]]
