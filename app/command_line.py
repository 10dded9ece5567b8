"""The command line: every playbook command under its own name. No argument opens the console."""

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from app.commands import checks, ci, deploy, migrate, rollback, runner, stack
from app.commands.runs import runs_app
from app.terminal import Terminal
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode


def build_app() -> App:
    """All commands."""
    app = App(
        name="main.py",
        help="Deploy, watch and repair the SongNodes enrichment stack. Without a command: open the console.",
        result_action="return_value",
    )
    app.default(open_console)
    app.command(checks.validate, name="validate")
    app.command(migrate.migrate, name="migrate")
    app.command(checks.check_health, name="health")
    app.command(checks.smoke_tests, name="smoke")
    app.command(deploy.deploy, name="deploy")
    app.command(rollback.rollback, name="rollback")
    app.command(ci.ci_deploy, name="ci-deploy")
    app.command(stack.up, name="up")
    app.command(stack.down, name="down")
    app.command(stack.status, name="status")
    app.command(runs_app())
    app.command(runner.runner, name="runner", show=False)
    return app


def open_console() -> int:
    """Open the console."""
    from app.desktop import open_desktop  # noqa: PLC0415 - Qt is loaded only when a window is wanted

    return open_desktop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    app = build_app()
    try:
        code = app(words, exit_on_error=False)
    except CycloptsError:
        return ExitCode.USAGE
    except OperatorError as error:
        Terminal(as_json="--json" in words).error(error)
        return error.exit_code
    return code if isinstance(code, int) else ExitCode.DONE
