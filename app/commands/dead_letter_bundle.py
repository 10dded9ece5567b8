"""`dead-letters replay-bundle`: what failed elsewhere, tried again where nothing is at stake."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from app.bundle_replay import replay_bundle as replay
from app.commands.options import Common
from backend.contracts.runs import ExitCode


def replay_bundle(
    file: Annotated[Path, Parameter(help="A bundle made with `dead-letters export`.")],
    *,
    common: Common | None = None,
) -> int:
    """Send the payloads of a sealed bundle to the work queue of a local sandbox. Refused anywhere else."""
    common = common or Common()
    terminal = common.terminal()

    def tell(sent: int, of: int) -> None:
        terminal.event("progress", what="sent", done=sent, of=of)

    replayed = replay(common.composition().target(common.environment), file, tell)
    terminal.event("bundle_replayed", sent=replayed.sent, masked=replayed.masked, left_out=replayed.left_out)
    terminal.say(f"{replayed.sent} requests are in the work queue of {common.environment}.")
    if replayed.masked:
        terminal.say(f"In {replayed.masked} of them secrets are masked: they may fail in another way here.")
    for queue, count in replayed.left_out.items():
        terminal.say(f"{count} were left out: they belong to the queue {queue}.")
    return ExitCode.DONE
