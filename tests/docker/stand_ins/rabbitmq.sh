#!/bin/bash
# As the official image: prepared as root, run as rabbitmq, configured by RABBITMQ_CONFIG_FILE.
set -euo pipefail
if [ "${1:-}" = rabbitmq-server ] && [ "$(id -u)" = 0 ]; then
  mkdir -p /var/lib/rabbitmq /var/log/rabbitmq
  chown -R rabbitmq: /var/lib/rabbitmq /var/log/rabbitmq
  exec setpriv --reuid rabbitmq --regid rabbitmq --clear-groups -- "$0" "$@"
fi
exec "$@"
