#!/usr/bin/env bash
# The playbook's smoke_tests.sh: main.py smoke.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$here/scripts/lib/prepare.sh"
prepare_services "$here"
exec "$here/.venv/bin/python" "$here/main.py" smoke "$@"
