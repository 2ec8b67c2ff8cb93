# shellcheck shell=bash
# compose.production.yaml, with a password that a URL or a shell would spoil.
: "${work:?}" "${image:?}"

file= # set by use
use compose.production.yaml svc-users-production
settings=(
  "POSTGRES_PASSWORD=p@ss/w#rd \$x \"q\""
  "ENCRYPTION_KEY=$(head -c 32 /dev/urandom | base64)"
  JWT_ISSUER=https://id.company.test
  JWT_AUDIENCE=https://api.company.test
  SVC_USERS_VERSION=v0.0.0-test
)
export "${settings[@]}"
for setting in "${settings[@]%%=*}"; do
  if (unset "$setting" && up); then fail "$file starts without $setting"; fi
  contains "$file asks for $setting" "$(<"$work/compose")" "$setting"
done

up || fail "$file does not start: $(<"$work/compose")"
app=$(compose ps --quiet app) db=$(compose ps --quiet postgres)
app=$(state "$app" .Name) db=$(state "$db" .Name)
app=${app#/} db=${db#/}
healthy "$db"
healthy "$app"
confined "$app" 65532
confined "$db" 70
equal "$app: limits" "$(state "$app" '.HostConfig.Memory}} {{.HostConfig.NanoCpus')" "268435456 2000000000"
contains "$app has read them" "$(logs "$app")" '"cpu_quota":2,"gomemlimit":214748364'
equal "the database is published nowhere" "$(state "$db" 'json .HostConfig.PortBindings')" "{}"
status=0
got=$(compose exec -T app svc-users seed 2>&1) || status=$?
contains "there is no demo data" "$status $got" "1 svc-users: ENVIRONMENT is production"
contains "admin create makes an administrator" \
  "$(compose exec -T app svc-users admin create --email you@example.net <<<'correct horse battery staple' 2>&1)" "Made administrator you@example.net"
bearer=$(token you@example.net 'correct horse battery staple')
equal "who logs in" "$(me "$bearer")" 200

kill -KILL "$(state "$app" .State.Pid)"
eventually "$app comes back after a crash" 1 state "$app" .RestartCount
eventually "and serves" 200 me "$bearer"

# The example's issuer is refused, again at each restart.
JWT_ISSUER=https://api.example.com up || true
eventually "the example's issuer is refused" "JWT_ISSUER is required in production" logs "$app"
up || fail "$file does not start again: $(<"$work/compose")"
eventually "the right one serves the same data" 200 me "$bearer"
compose stop >"$work/compose" 2>&1
equal "both end with status 0" "$(state "$app" .State.ExitCode) $(state "$db" .State.ExitCode)" "0 0"
compose down --volumes >"$work/compose" 2>&1
