#!/bin/bash
# What the official image's entrypoint does with the variables that docker-compose.yml sets.
set -euo pipefail
if [ "${1:-}" != postgres ]; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown -R postgres: /var/lib/postgresql /var/run/postgresql
  POSTGRES_PASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"
  export POSTGRES_PASSWORD
  exec setpriv --reuid postgres --regid postgres --clear-groups -- "$0" "$@"
fi

server() { pg_ctl --silent --wait -D "$PGDATA" -o "-c listen_addresses='' -c unix_socket_directories=$PGHOST" "$@"; }

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  [ -n "$POSTGRES_PASSWORD" ] || { echo "the password of the superuser is empty" >&2; exit 1; }
  initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
    --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  server start
  createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
  for script in /docker-entrypoint-initdb.d/*.sql; do
    psql -v ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --file="$script"
  done
  server --mode=fast stop
fi
unset POSTGRES_PASSWORD
exec "$@" -D "$PGDATA" -c "listen_addresses=*" -c "unix_socket_directories=$PGHOST"
