"""The command line: every playbook command under its own name. No argument opens the console."""

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from app.terminal import Terminal
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.home import Home

_COMMANDS = {
    "validate": "checks:validate",
    "migrate": "migrate:migrate",
    "health": "checks:check_health",
    "smoke": "checks:smoke_tests",
    "deploy": "deploy:deploy",
    "rollback": "rollback:rollback",
    "ci-deploy": "ci:ci_deploy",
    "up": "stack:up",
    "down": "stack:down",
    "status": "stack:status",
    "runs": "runs:RUNS",
}
"""Where each command's function is; only the one that is called gets imported."""


def build_app() -> App:
    """All commands."""
    app = App(
        name="main.py",
        help="Deploy, watch and repair the SongNodes enrichment stack. Without a command: open the console.",
        result_action="return_value",
    )
    app.default(open_console)
    for name, place in _COMMANDS.items():
        app.command(f"app.commands.{place}", name=name)
    app.command("app.commands.runner:runner", name="runner", show=False)
    return app


def open_console() -> int:
    """Open the console."""
    from app.composition import Composition  # noqa: PLC0415 - loaded only when it is wanted
    from app.desktop import start_desktop  # noqa: PLC0415 - Qt is loaded only when a window is wanted

    composition = Composition(Home.from_process_environment())
    return start_desktop(composition.stack(), composition.runs(), composition.settings())


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
