"""Every command under the playbook's name. Only the one that is called gets imported."""

from collections.abc import Sequence

from cyclopts import App, CycloptsError

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode

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
    "access": "access:ACCESS",
    "environments": "environments:ENVIRONMENTS",
    "breakers": "breakers:BREAKERS",
    "waterfall": "waterfall:WATERFALL",
    "tracks": "tracks:TRACKS",
    "replay": "replay:REPLAY",
    "dead-letters": "dead_letters:DEAD_LETTERS",
}
"""Where each command's function is, below `app.commands`."""


def build_app() -> App:
    """All commands."""
    app = App(
        name="main.py",
        help="Deploy, watch and repair the SongNodes enrichment stack. Without a command: open the console.",
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for name, place in _COMMANDS.items():
        app.command(f"app.commands.{place}", name=name)
    app.command("app.commands.runner:runner", name="runner", show=False)
    return app


def run_command(words: Sequence[str]) -> int:
    """Run one command; its exit code. OperatorError when it cannot do what was asked."""
    as_json = "--json" in words
    try:
        code = build_app()(list(words), exit_on_error=False, print_error=not as_json)
    except CycloptsError as error:
        if as_json:
            raise OperatorError(
                str(error), "List the options with: main.py --help", exit_code=ExitCode.USAGE
            ) from None
        return ExitCode.USAGE  # its text was printed already
    return code if isinstance(code, int) else ExitCode.DONE
