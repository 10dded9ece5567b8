#!/usr/bin/env bash
# Opens the console; installs what is missing first.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$here/scripts/lib/prepare.sh"
prepare_desktop "$here"
exec "$here/.venv/bin/python" "$here/main.py"  "$@"
