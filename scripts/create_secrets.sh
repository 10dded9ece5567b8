#!/usr/bin/env bash
# Makes the secret files of a Compose stack that do not exist yet, and leaves the others as they are.
# Usage: create_secrets.sh [FOLDER]; default: SECRETS_DIR, else secrets/ beside docker-compose.yml.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
folder="${1:-${SECRETS_DIR:-$here/secrets}}"

# The folder keeps others out; the files can be read by the containers' own users, who see nothing but them.
mkdir -p "$folder"
chmod 0700 "$folder"

put() {
  if [ -s "$folder/$1" ]; then return 0; fi
  printf '%s' "$2" >"$folder/$1"
  chmod 0644 "$folder/$1"
  [ -z "$2" ] || printf '• made %s\n' "$folder/$1"
}

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

for name in admin_token database_password grafana_admin_password rabbitmq_password redis_password; do
  put "$name" "$(random)"
done
rabbitmq="songnodes:$(cat "$folder/rabbitmq_password")@rabbitmq"
put amqp_url "amqp://$rabbitmq:5672/"
put amqp_management_url "http://$rabbitmq:15672"
put redis_url "redis://songnodes:$(cat "$folder/redis_password")@redis:6379/0"

# The providers' credentials are yours to fill in; a provider without them is not asked.
sed -n '/^secrets:/,$s/^  \([a-z_]*\): {file.*/\1/p' "$here/docker-compose.yml" | while read -r name; do
  put "$name" ""
done
