#!/bin/sh
# Starts Redis with two users: `default`, without a password, may only PING and ask INFO, as the playbook does;
# `songnodes` may do everything and has the secret's password. The list of users never leaves the memory disk.
# /tmp is one: Docker forgets the mode of a memory disk that the image has no folder for when it starts a
# container again, and this user could then not write to it.
set -eu
secret=/run/secrets/redis_password
[ -s "$secret" ] || { echo "The secret redis_password is missing or empty; see .env.example." >&2; exit 78; }
umask 077
{
  echo "user default on nopass resetchannels -@all +ping +info +quit"
  printf 'user songnodes on #%s ~* &* +@all\n' "$(tr -d '\n' <"$secret" | sha256sum | cut -d' ' -f1)"
} >/tmp/users.acl
# A cache and the breakers' shared state: nothing that a restart must find again. Only what has an end is evicted.
exec redis-server --aclfile /tmp/users.acl --bind '* -::*' --protected-mode no --save '' --appendonly no \
  --maxmemory 256mb --maxmemory-policy volatile-lru --dir /data
