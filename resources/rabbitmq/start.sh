#!/bin/sh
# Starts RabbitMQ with the user `songnodes` and the secret's password, which the image itself takes from variables
# only. The file with it never leaves the memory disk.
set -eu
secret=/run/secrets/rabbitmq_password
[ -s "$secret" ] || { echo "The secret rabbitmq_password is missing or empty; see .env.example." >&2; exit 78; }
umask 077
cat >/run/songnodes/rabbitmq.conf <<END
default_user = songnodes
default_pass = $(tr -d '\n' <"$secret")
log.console = true
vm_memory_high_watermark.absolute = 400MB
disk_free_limit.absolute = 256MB
END
chown rabbitmq /run/songnodes/rabbitmq.conf
export RABBITMQ_CONFIG_FILE=/run/songnodes/rabbitmq.conf
exec docker-entrypoint.sh rabbitmq-server
