# shellcheck shell=bash
# compose.yaml as cloned, in a folder that no .env is in.
: "${work:?}" "${image:?}"

project=$work/project
mkdir "$project"
# Compose 2.24 and later reads the files as they are. Debian 12's docker-compose is 1.29, which does not know the name of
# a project, an env_file that may be missing, and a limit of processes.
if [[ $(docker compose version --short 2>/dev/null) =~ ^v?([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 2024)); then
  compose() { docker compose --file "$project/$file" --project-name "$name" "$@"; }
  cp compose.yaml compose.production.yaml "$project"
  composer="Compose $(docker compose version --short)"
else
  compose() { docker-compose --file "$project/$file" --project-name "$name" "$@"; }
  for file in compose.yaml compose.production.yaml; do
    sed '/^name:/d; /^ *env_file:$/,/required: false$/d; /^ *pids: /d' "$file" >"$project/$file"
  done
  composer="docker-compose $(docker-compose version --short), without the lines that it does not know"
fi
echo "container: compose files read by $composer"

# use FILE PROJECT: what compose and up work on.
use() { file=$1 name=$2; }

# up: compose up with the image that is there; what it prints is kept for a failure.
up() { compose up --detach --no-build >"$work/compose" 2>&1; }

use compose.yaml svc-users
docker tag "$image" svc-users:dev
up || fail "$file does not start: $(<"$work/compose")"
healthy svc-users-db
healthy svc-users-app
contains "seed makes the demo accounts in PostgreSQL" "$(docker exec svc-users-app svc-users seed)" "Made account user@example.com"
equal "psql finds them" "$(docker exec svc-users-db psql -U svc_users -Atc 'SELECT count(*) FROM accounts')" 2
bearer=$(token user@example.com user123)
equal "a token from the published port counts" "$(me "$bearer")" 200
contains "compose logs has the service's" "$(compose logs app 2>&1)" "POST"
stops svc-users-app
stops svc-users-db

# Removed and made again on the same volumes: accounts and key are kept.
compose down >"$work/compose" 2>&1
up || fail "$file does not start again: $(<"$work/compose")"
eventually "after down and up the token still counts" 200 me "$bearer"

POSTGRES_PASSWORD=another up || true
eventually "a password that is not the volume's ends the service" "exited 1" state svc-users-app '.State.Status}} {{.State.ExitCode'
contains "it says so" "$(logs svc-users-app)" "password authentication failed"
compose down --volumes >"$work/compose" 2>&1
equal "down --volumes leaves no volume" "$(docker volume ls --quiet --filter name=svc-users)" ""

# While another program has the port.
docker run --detach --name squatter --network host --read-only --tmpfs /data:uid=65532,mode=0700 "$image" >/dev/null
eventually "another program has the port" ok request /readyz
if up; then fail "$file starts on a port in use"; fi
contains "a port in use is named" "$(<"$work/compose")" "127.0.0.1:8001: bind: address already in use"
docker rm --force --volumes squatter >/dev/null
compose down --volumes >"$work/compose" 2>&1
