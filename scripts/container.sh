#!/usr/bin/env bash
# Builds the image and runs it and both compose files in a container engine of its own: as root on Linux, with Debian's
# docker.io and docker-compose, which are installed if they are missing. The engine has network, mount and process
# namespaces of its own: it takes no port of this machine, no other engine sees its containers, and all of it ends
# with this script.
#
# The base images are not pulled. Substitutes of the same names are made of this machine's files: the Go of go.mod, and
# Debian's PostgreSQL with an entrypoint that reads the same variables as the official one.
#
# Where no engine starts, the script says so and succeeds. The last line, and bin/container.txt, have the result.
set -euo pipefail
cd "$(dirname "$0")/.."

GOTOOLCHAIN=$(sed -n 's/^toolchain //p' go.mod)
export GOTOOLCHAIN
# The objects of earlier builds with the Dockerfile's flags. .ci/run lets make build fill it.
objects=${CONTAINER_GOCACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/svc-users/go-build}
# A timeout for steps that hang.
limit=20m

ended() {
  mkdir -p bin
  echo "$1" | tee bin/container.txt
}
skip() {
  ended "CONTAINER TESTS SKIPPED: $1"
  exit 0
}

[[ $(uname -s) == Linux ]] || skip "they need Linux"
[[ $EUID -eq 0 ]] || skip "they need root, for an engine of their own"
scripts/postgres.sh
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || skip "they need Debian's package postgresql"
scripts/install.sh dockerd:docker.io docker-compose ip:iproute2 iptables curl || skip "docker.io, docker-compose, iproute2, iptables or curl is missing and could not be installed"
own=(unshare --net --mount --pid --fork --kill-child --mount-proc)
"${own[@]}" true || skip "no namespaces can be made here"

work=$(mktemp -d "${TMPDIR:-/tmp}/svc-users-container.XXXXXX")
trap 'rm -rf "$work"; find /sys/fs/cgroup -depth -type d -path "*/${work##*/}*" -exec rmdir {} + 2>/dev/null' EXIT

echo "container: compiling the service for the image's build"
mkdir -p "$objects"
GOCACHE=$objects CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$work/svc-users" ./cmd/svc-users
go mod download
echo "container: collecting the files of the base images"
tests/container/images.sh "$work/images" "$objects"

status=0
timeout --foreground --kill-after=10 "$limit" "${own[@]}" tests/container/run.sh "$work" || status=$?
case $status in
  0) ended "container tests: $(<"$work/passed")" ;;
  75) skip "$(<"$work/skipped")" ;;
  *)
    ended "container tests: FAILED, see above"
    exit 1
    ;;
esac
