#!/usr/bin/env bash
# Draws every screen, both themes, into the folder OUT: render_screens.sh OUT [NAME …]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$here/scripts/lib/prepare.sh"
prepare_desktop "$here"
cd "$here"
exec .venv/bin/python -m tests.gui.render_screens "$@"
