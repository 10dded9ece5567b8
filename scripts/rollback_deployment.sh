#!/usr/bin/env bash
# The playbook's rollback_deployment.sh: main.py rollback.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$here/scripts/lib/prepare.sh"
prepare_services "$here"
exec "$here/.venv/bin/python" "$here/main.py" rollback "$@"
