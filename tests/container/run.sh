#!/usr/bin/env bash
# The first process of the namespaces that scripts/container.sh makes: starts an engine, builds the image and checks it.
# run.sh FOLDER ends with 75 where no engine starts, and the reason in FOLDER/skipped; else what has passed is in
# FOLDER/passed. When it ends, the kernel ends all it has started.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$1
trap 'exit 130' INT TERM

# shellcheck source=tests/container/lib.sh
source tests/container/lib.sh

skip() {
  echo "$1" >"$work/skipped"
  exit 75
}

# Neither this machine's settings nor its sockets; only its plugins.
plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
export DOCKER_HOST=unix://$work/engine/docker.sock DOCKER_CONFIG=$work/client DOCKER_BUILDKIT=1 COMPOSE_BAKE=false
unset DOCKER_CONTEXT COMPOSE_FILE COMPOSE_PROJECT_NAME
mkdir -p "$work"/{engine,client} /run/containerd
[[ ! -d $plugins ]] || ln -s "$(realpath "$plugins")" "$work/client/cli-plugins"
mount -t tmpfs tmpfs /run/containerd
ip link set lo up
echo '{}' >"$work/engine/daemon.json"
dockerd --config-file "$work/engine/daemon.json" --host "$DOCKER_HOST" --data-root "$work/engine/data" --exec-root "$work/engine/run" \
  --pidfile "$work/engine/pid" --cgroup-parent "/${work##*/}" >"$work/engine/log" 2>&1 &
engine=$!
# A client without buildx builds without BuildKit; Debian's builds with the engine's.
if ! docker buildx version >/dev/null 2>&1; then
  docker() { /usr/bin/docker "$@"; }
fi
for ((i = 0; i < 300; i++)); do
  ! docker version >/dev/null 2>&1 || break
  kill -0 "$engine" 2>/dev/null || skip "no engine starts here: $(tail -n 1 "$work/engine/log")"
  sleep 0.1
done
docker version >/dev/null 2>&1 || skip "no engine has started within 30 seconds: $(tail -n 1 "$work/engine/log")"
version=$(docker info --format '{{.ServerVersion}}, {{.Driver}}, {{.CgroupDriver}} {{.CgroupVersion}}')
echo "container: engine $version (${SECONDS}s)"

# The names are those that the Dockerfile and the compose files ask for.
golang=$(sed -n 's/^ARG GO_IMAGE=//p' Dockerfile)
postgres=$(sed -n 's/^ *image: \(postgres:.*\)$/\1/p' compose.yaml)
tar -C "$work/images/postgres" --create . | docker import \
  --change 'ENV PATH=/usr/local/pgsql/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 PGDATA=/var/lib/postgresql/data' \
  --change 'VOLUME /var/lib/postgresql/data' --change 'ENTRYPOINT ["docker-entrypoint.sh"]' --change 'CMD ["postgres"]' - "${postgres%@*}" >/dev/null
docker run --rm --entrypoint postgres "${postgres%@*}" --version >"$work/engine/smoke" 2>&1 ||
  skip "the engine starts no container here: $(tail -n 1 "$work/engine/smoke")"
tar -C "$work/images/golang" --create . | docker import \
  --change 'ENV PATH=/usr/local/go/bin:/usr/bin:/bin GOTOOLCHAIN=local GOPATH=/go GOPROXY=file:///modules GOCACHE=/objects' - "${golang%@*}" >/dev/null
rm -rf "$work/images"
echo "container: substitutes for ${golang%@*} and ${postgres%@*}: $(<"$work/engine/smoke") (${SECONDS}s)"

# shellcheck source=tests/container/image.sh
source tests/container/image.sh
# shellcheck source=tests/container/compose.sh
source tests/container/compose.sh
# shellcheck source=tests/container/production.sh
source tests/container/production.sh

echo "$passed passed in ${SECONDS}s, on substitutes for the base images, with ${composer:?}" >"$work/passed"
kill "$engine"
wait "$engine" || true
