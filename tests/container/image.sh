# shellcheck shell=bash
# The image alone.
: "${work:?}"

image=svc-users:v0.0.0-test
docker build --quiet --build-arg VERSION=v0.0.0-test --tag "$image" . >"$work/build" 2>&1 || fail "the image does not build: $(<"$work/build")"
ok "the image builds"
version=$(sed -n 's/^const Version = "\(.*\)"$/\1/p' version.go)
# A build that has the repository and git adds the commit in parentheses.
equal "the version is that of the source" "$(docker run --rm --read-only --network none "$image" version | sed 's/ (.*)$//')" "svc-users $version"
equal "the label is that of the build" "$(docker inspect --format '{{index .Config.Labels "org.opencontainers.image.version"}}' "$image")" v0.0.0-test
equal "the image runs as" "$(state "$image" .Config.User)" 65532:65532
docker create --name files "$image" >/dev/null
# Without what the engine puts into every container.
equal "the image holds nothing else" "$(docker export files | tar --list | grep -Ev '/$|^(\.dockerenv|dev/.*|etc/(hostname|hosts|mtab|resolv\.conf))$' | sort | paste -sd ' ')" \
  "etc/ssl/certs/ca-certificates.crt usr/local/bin/svc-users usr/share/doc/svc-users/LICENSE usr/share/doc/svc-users/NOTICE"
docker rm --volumes files >/dev/null

# The embedded database on a volume of its own.
hardened=(--read-only --cap-drop ALL --security-opt no-new-privileges)
docker run --detach --name alone "${hardened[@]}" --network none --memory 128m --cpus 1 --pids-limit 64 --volume alone-data:/data "$image" >/dev/null
eventually "a container answers without a network" ready docker exec alone svc-users healthcheck
confined alone 65532
contains "it has read its limits" "$(logs alone)" '"cpu_quota":1,"gomemlimit":107374182'
contains "seed makes the demo accounts" "$(docker exec alone svc-users seed)" "Made account admin@example.com"
mapfile -t arguments < <(login admin@example.com admin123)
contains "their password logs in" "$(from alone curl --silent "${arguments[@]:1}" "http://127.0.0.1:8001${arguments[0]}")" '"token":"'
healthy alone
stops alone
docker start alone >/dev/null
eventually "it starts again" ready docker exec alone svc-users healthcheck
contains "its data is still there" "$(docker exec alone svc-users seed)" "The demo data is there already"

status=0
got=$(docker run --rm --network container:alone --tmpfs /data:uid=65532,mode=0700 "${hardened[@]}" "$image" 2>&1) || status=$?
equal "a port in use ends the start" "$status $got" "1 svc-users: HOST, PORT: listen tcp 0.0.0.0:8001: bind: address already in use"
status=0
got=$(docker run --rm --network none --user 1000:1000 "${hardened[@]}" "$image" 2>&1) || status=$?
contains "another user's data folder ends the start" "$status $got" "1 svc-users: /data belongs to another user"
docker rm --force alone >/dev/null
