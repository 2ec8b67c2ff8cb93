# shellcheck shell=bash
# What the checks of run.sh are written with.

passed=0

# ok TEXT: a check that has passed.
ok() {
  passed=$((passed + 1))
  printf 'container: ok: %s (%ds)\n' "$1" "$SECONDS"
}

# fail TEXT: ends the run with what the containers had to say.
fail() {
  local name
  printf 'container: FAILED: %s\n' "$1" >&2
  for name in $(docker ps --all --format '{{.Names}}'); do
    printf -- '--- %s: %s\n' "$name" "$(docker inspect --format '{{.State.Status}}, exit status {{.State.ExitCode}}' "$name")" >&2
    docker logs --tail 30 "$name" >&2 || true
  done
  exit 1
}

# equal TEXT GOT WANT
equal() {
  [[ $2 == "$3" ]] || fail "$1: got ${2@Q}, want ${3@Q}"
  ok "$1"
}

# contains TEXT GOT WANT
contains() {
  [[ $2 == *"$3"* ]] || fail "$1: got ${2@Q}, want ${3@Q} in it"
  ok "$1"
}

# eventually TEXT WANT COMMAND…: within a minute the command prints what is wanted.
eventually() {
  local text=$1 want=$2 got end=$((SECONDS + 60))
  shift 2
  until got=$("$@" 2>&1) && [[ $got == *"$want"* ]]; do
    ((SECONDS < end)) || fail "$text: after a minute ${got@Q}, want ${want@Q} in it"
    sleep 0.3
  done
  ok "$text"
}

# state CONTAINER FIELD: of docker inspect, such as .State.ExitCode.
state() { docker inspect --format "{{$2}}" "$1"; }

# healthy CONTAINER: waits until the health check has succeeded.
healthy() { eventually "$1 is healthy" healthy state "$1" .State.Health.Status; }

# logs CONTAINER: both streams.
logs() { docker logs "$1" 2>&1; }

# stops CONTAINER: SIGTERM ends it in time, with status 0.
stops() {
  local before=$SECONDS
  docker stop --time 20 "$1" >/dev/null
  ((SECONDS - before < 15)) || fail "$1 was killed, or near it: $((SECONDS - before))s"
  equal "$1 ends with status 0 on SIGTERM" "$(state "$1" .State.ExitCode)" 0
}

# from CONTAINER COMMAND…: runs the command of this machine in the container's network; there is no shell inside.
from() {
  local process
  process=$(state "$1" .State.Pid)
  shift
  nsenter --target "$process" --net "$@"
}

# request PATH ARGUMENT…: sends a request to the port that the compose files publish.
request() {
  local path=$1
  shift
  curl --silent --max-time 20 "$@" "http://127.0.0.1:8001$path"
}

# login EMAIL PASSWORD: as arguments of curl.
login() {
  printf '%s\n' /api/v1/auth/login --header 'Content-Type: application/json' --data "{\"email\":\"$1\",\"password\":\"$2\"}"
}

# token EMAIL PASSWORD
token() {
  local arguments
  mapfile -t arguments < <(login "$1" "$2")
  request "${arguments[@]}" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p'
}

# me TOKEN: the status of a request with it.
me() { request /api/v1/auth/me --output /dev/null --write-out '%{http_code}' --header "Authorization: Bearer $1"; }

# confined CONTAINER USER: the kernel's view of its first process.
confined() {
  local process
  process=$(state "$1" .State.Pid)
  equal "$1: user, capabilities and privileges" \
    "$(sed -n 's/^\(Uid\|CapEff\|CapBnd\|NoNewPrivs\):\s*\(\S*\).*/\1 \2/p' "/proc/$process/status" | paste -sd ' ')" \
    "Uid $2 CapEff 0000000000000000 CapBnd 0000000000000000 NoNewPrivs 1"
  contains "$1: the root file system is read-only" "$(awk '$5 == "/" {print "," $6 ","}' "/proc/$process/mountinfo")" ,ro,
}
