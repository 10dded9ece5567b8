"""`dead-letters edit`: another payload for one letter, byte for byte from a file."""

import base64
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from app.commands.options import Common, Flag
from backend.contracts.dead_letter_operations import LetterEdit
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode


def edit(
    message_id: str,
    file: Path,
    *,
    reason: Annotated[str, Parameter(help="Why; it is kept with your name.")],
    retry: Annotated[bool, Flag, Parameter(help="Send it at once.")] = False,
    version: Annotated[
        int | None, Parameter(help="Of the letter as you saw it; refused when it has changed since.")
    ] = None,
    common: Common | None = None,
) -> int:
    """Keep what is in a file as the next revision of a letter's payload. The original stays as it is."""
    common = common or Common()
    letters = common.composition().dead_letters()
    body = _read(file)
    seen = version if version is not None else letters.letter(common.environment, message_id).version
    change = LetterEdit(
        version=seen,
        payload_base64=base64.b64encode(body).decode(),
        retry=retry,
        author=letters.operator(),
        reason=reason,
    )
    kept = letters.edit(common.environment, message_id, change)
    common.terminal().event("edited", **kept.model_dump(mode="json"))
    sent = " It is being sent." if retry else ""
    common.terminal().say(f"Revision {kept.revision} of {message_id} is kept: {len(body)} bytes.{sent}")
    return ExitCode.DONE


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        cause = error.strerror or str(error)
        raise OperatorError(
            f"{file} cannot be read: {cause}. Nothing was kept.",
            "Give the file that holds the payload.",
            exit_code=ExitCode.USAGE,
        ) from None
