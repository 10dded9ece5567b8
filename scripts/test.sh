#!/usr/bin/env bash
# Everything the tests need, then the tests. Arguments go to pytest; without any, all checks run.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$here/scripts/lib/prepare.sh"
. "$here/scripts/lib/docker.sh"
prepare_tests "$here"
prepare_docker_tests
cd "$here"
export QT_QPA_PLATFORM="${QT_QPA_PLATFORM:-offscreen}"
if [ "$#" -gt 0 ]; then
  exec .venv/bin/python -m pytest "$@"
fi
say "• ruff"
.venv/bin/ruff check .
.venv/bin/ruff format --check .
say "• mypy"
.venv/bin/mypy
say "• import-linter"
.venv/bin/lint-imports
say "• shellcheck"
.venv/bin/shellcheck -x -P scripts scripts/*.sh scripts/lib/*.sh .ci/run
say "• pytest"
# Two at a time, a file whole: most of the time goes into waiting for real servers.
.venv/bin/python -m pytest --numprocesses 2 --dist loadfile -m "not docker"
say "• pytest, on a Docker engine"
# One at a time: the stack's containers have fixed names.
exec .venv/bin/python -m pytest -m docker
