#!/usr/bin/env bash
# The playbook's migrate_database.sh: main.py migrate.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$here/scripts/lib/prepare.sh"
prepare_services "$here"
exec "$here/.venv/bin/python" "$here/main.py" migrate "$@"
