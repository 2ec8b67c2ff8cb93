#!/usr/bin/env bash
# Collects the files of the base images' substitutes: images.sh FOLDER GOCACHE makes FOLDER/golang and FOLDER/postgres.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$1 objects=$2

# root FOLDER FILE…: a root file system with these files and folders and the libraries that they need. Symbolic links
# are followed, so that each path holds what it leads to here.
root() {
  local folder=$1 name
  shift
  mkdir -p "$folder"/usr/{bin,sbin,lib,lib64} "$folder"/{etc,proc,sys,dev,run,var} "$folder/usr/local/bin"
  install -d -m 1777 "$folder/tmp"
  for name in bin sbin lib lib64; do
    ln -s "usr/$name" "$folder/$name"
  done
  ln -s /run "$folder/var/run"
  {
    printf '%s\n' "$@"
    for name in "$@"; do
      [[ ! -f $name ]] || ldd "$name" 2>/dev/null | grep -o '/[^ ]*' || true
    done
  } | sed -E 's,^/(bin|sbin|lib|lib64)/,/usr/\1/,; s,^/,,' | sort -u | tar -C / --create --dereference --files-from - | tar -C "$folder" --extract
}

# programs NAME…: their paths.
programs() {
  local name
  for name in "$@"; do
    type -P "$name"
  done
}

# What the Dockerfile's build runs: a shell, install, and Go. Modules come from a proxy in a folder: the zip files of
# what go.mod needs.
mapfile -t files < <(programs dash install)
root "$folder/golang" "${files[@]}" /etc/ssl/certs/ca-certificates.crt
ln -s dash "$folder/golang/usr/bin/sh"
cp -a "$(go env GOROOT)/." "$folder/golang/usr/local/go"
mkdir "$folder/golang/modules"
cache=$(go env GOMODCACHE)/cache/download
{
  (cd "$cache" && find . -name sumdb -prune -o \( -name '*.mod' -o -name '*.info' \) -print)
  go mod download -json | sed -n 's/^.*"Zip": "\(.*\)".*$/\1/p' | sed "s,^$cache,.,"
} | tar -C "$cache" --create --files-from - | tar -C "$folder/golang/modules" --extract
cp -a "$objects" "$folder/golang/objects"

# Debian's PostgreSQL as user 70, its Alpine number.
postgres=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)
postgres=${postgres%/bin}
share=/usr/share/postgresql/${postgres##*/}
mapfile -t files < <(programs dash cat chmod chown mkdir rm id setpriv touch)
root "$folder/postgres" "${files[@]}" "$postgres"/bin/{initdb,postgres,pg_ctl,psql,pg_isready} "$postgres"/lib/{plpgsql,dict_snowball}.so \
  "$postgres"/lib/*_and_*.so "$share" /usr/share/zoneinfo /usr/lib/locale/C.utf8
ln -s dash "$folder/postgres/usr/bin/sh"
ln -s "$postgres" "$folder/postgres/usr/local/pgsql"
printf 'root:x:0:0::/:/bin/sh\npostgres:x:70:70::/var/lib/postgresql:/bin/sh\n' >"$folder/postgres/etc/passwd"
printf 'root:x:0:\npostgres:x:70:\n' >"$folder/postgres/etc/group"
install -d -o 70 -g 70 -m 1777 "$folder/postgres/var/lib/postgresql" "$folder/postgres/var/lib/postgresql/data"
install -d -o 70 -g 70 -m 3777 "$folder/postgres/run/postgresql"
install -m 0755 tests/container/postgres-entrypoint.sh "$folder/postgres/usr/local/bin/docker-entrypoint.sh"
