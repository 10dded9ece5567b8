"""`dead-letters`: what failed, why, and what is done about it."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from app.commands.dead_letter_acts import discard, quarantine, release, retry, undo
from app.commands.dead_letter_bundle import replay_bundle
from app.commands.dead_letter_contrast import contrast
from app.commands.dead_letter_edits import edit
from app.commands.dead_letter_operations import (
    accept,
    cancel,
    list_operations,
    pace,
    pause,
    resume,
    watch,
)
from app.commands.dead_letter_selection import Picked
from app.commands.options import Common
from app.terminal import duration
from backend.contracts.dead_letter_views import Cause, CauseNoteChange, LetterDetail, LetterRow, PageRequest
from backend.contracts.dead_letters import OPEN_STATES, DeadLetterState
from backend.contracts.runs import ExitCode


def causes(*, common: Common | None = None) -> int:
    """List the causes of open dead letters, most letters first."""
    common = common or Common()
    terminal = common.terminal()
    found = common.composition().dead_letters().causes(common.environment)
    for cause in found.causes:
        terminal.event("cause", **cause.model_dump(mode="json"))
        terminal.say(f"{cause.open:>8}  {cause.fingerprint}  {cause.title}  ({cause.detail})")
        for line in _remarks(cause):
            terminal.say(f"          {line}")
    if not found.causes:
        terminal.say("No dead letter is open.")
    if found.more:
        terminal.say(f"{found.more} more causes are not shown.")
    return ExitCode.DONE


def list_letters(
    picked: Picked | None = None,
    *,
    limit: Annotated[int, Parameter(help="How many, newest failure first.")] = 50,
    after: Annotated[str | None, Parameter(help="Go on from here: what the list before ended with.")] = None,
    state: Annotated[list[DeadLetterState] | None, Parameter(help="By omission all open ones.")] = None,
    common: Common | None = None,
) -> int:
    """List dead letters, newest failure first."""
    common = common or Common()
    terminal = common.terminal()
    selection = (picked or Picked()).selection(state or list(OPEN_STATES))
    request = PageRequest(selection=selection, limit=limit, after=after)
    page = common.composition().dead_letters().page(common.environment, request)
    for row in page.rows:
        terminal.event("letter", **row.model_dump(mode="json"))
        terminal.say(_row(row))
    counted = f"{page.total}" if page.total_is_exact else f"more than {page.total}"
    terminal.event(
        "counted",
        shown=len(page.rows),
        total=page.total,
        is_exact=page.total_is_exact,
        following=page.following,
    )
    terminal.say(f"{len(page.rows)} of {counted} shown.")
    if page.following is not None:
        terminal.say(f"Those after them: --after {page.following}")
    return ExitCode.DONE


def show(message_id: str, *, common: Common | None = None) -> int:
    """Show one dead letter: its failures, what was done, and its payload."""
    common = common or Common()
    terminal = common.terminal()
    letter = common.composition().dead_letters().letter(common.environment, message_id)
    terminal.event("letter", **letter.model_dump(mode="json"))
    for line in _detail(letter):
        terminal.say(line)
    return ExitCode.DONE


def meter(*, common: Common | None = None) -> int:
    """Say whether everything that was ever received is somewhere. Fails when it is not."""
    common = common or Common()
    terminal = common.terminal()
    found = common.composition().dead_letters().meter(common.environment)
    terminal.event("meter", **found.model_dump(mode="json"))
    states = " + ".join(f"{count} {state}" for state, count in found.by_state.items() if count) or "0"
    balances = found.difference == 0 and not found.verified_difference
    sign = "=" if found.difference == 0 else "≠"
    terminal.say(f"{found.received} received {sign} {states}", "green" if balances else "red")
    if found.verified_at is None:
        terminal.say("The rows were not counted one by one yet.")
    else:
        told = (
            "that agrees" if not found.verified_difference else f"they differ by {found.verified_difference}"
        )
        terminal.say(f"Counted one by one at {found.verified_at.astimezone():%H:%M:%S}: {told}.")
    for problem in found.problems:
        terminal.say(problem, "yellow")
    return ExitCode.DONE if balances else ExitCode.FAILED


def note(
    cause: str,
    text: str,
    *,
    owner: Annotated[str | None, Parameter(help="Who looks after it.")] = None,
    runbook: Annotated[str, Parameter(help="Address of the instructions.")] = "",
    common: Common | None = None,
) -> int:
    """Write a note on a cause; it stays when the cause comes back."""
    common = common or Common()
    letters = common.composition().dead_letters()
    found = letters.causes(common.environment).causes
    version = next((one.note.version for one in found if one.fingerprint == cause), 0)
    change = CauseNoteChange(
        version=version, owner=owner, note=text, runbook=runbook, author=letters.operator()
    )
    kept = letters.keep_note(common.environment, cause, change)
    common.terminal().event("note", cause=cause, **kept.model_dump(mode="json"))
    common.terminal().say(f"The note is kept (version {kept.version}).")
    return ExitCode.DONE


def export(file: Path, picked: Picked | None = None, *, common: Common | None = None) -> int:
    """Write a sealed bundle of dead letters to a file, secrets masked."""
    common = common or Common()
    selection = (picked or Picked()).selection(list(OPEN_STATES))
    count = common.composition().dead_letters().export(common.environment, selection, str(file))
    common.terminal().event("exported", letters=count, file=str(file))
    common.terminal().say(f"{count} dead letters are in {file}.")
    return ExitCode.DONE


def _remarks(cause: Cause) -> list[str]:
    lines = [
        f"{one.share:.0%} failed while {_interval(one.interval.kind, one.interval.subject)}"
        for one in cause.explained[:2]
    ]
    if cause.note.note:
        lines.append(f"note by {cause.note.changed_by}: {cause.note.note.splitlines()[0]}")
    if cause.bounces:
        lines.append("came back with the same failure after it was sent again")
    return lines


def _interval(kind: str, subject: str) -> str:
    words = {"breaker_open": "{}'s breaker was open", "quota": "{}'s quota was used up"}
    return words.get(kind, "{} was being deployed").format(subject)


def _row(row: LetterRow) -> str:
    track = f"{row.artist or '?'} – {row.title or '?'}"
    stale = " stale" if row.is_stale else ""
    return (
        f"{row.failed_at.astimezone():%Y-%m-%d %H:%M:%S}  {row.state.value + stale:<12} {row.attempts:>2}×  "
        f"{row.message_id}  {track}  {row.error_message[:80]}"
    )


def _detail(letter: LetterDetail) -> list[str]:
    age = duration((letter.failed_at - letter.first_failed_at).total_seconds())
    return [
        f"{letter.message_id} is {letter.state.value} (version {letter.version}, queue {letter.routing_key})",
        f"{letter.attempts} failures over {age}:",
        *(
            f"  {one.generation}  {one.failed_at.astimezone():%Y-%m-%d %H:%M:%S}  {one.error_type}: "
            f"{one.error_message}"
            for one in letter.attempt_list
        ),
        "History:",
        *(
            f"  {one.happened_at.astimezone():%Y-%m-%d %H:%M:%S}  {one.action} by {one.actor} "
            f"→ {one.to_state.value}{f': {one.reason}' if one.reason else ''}"
            for one in letter.audit
        ),
        f"Payload ({letter.payload_bytes} bytes, {letter.content_type}):",
        letter.payload_text if letter.payload_text is not None else "  purged",
    ]


DEAD_LETTERS = App(name="dead-letters", help="What failed, why, and what is done about it.")
DEAD_LETTERS.command(causes, name="causes")
DEAD_LETTERS.command(list_letters, name="list")
DEAD_LETTERS.command(show, name="show")
DEAD_LETTERS.command(edit, name="edit")
DEAD_LETTERS.command(contrast, name="contrast")
DEAD_LETTERS.command(meter, name="meter")
DEAD_LETTERS.command(note, name="note")
DEAD_LETTERS.command(retry, name="retry")
DEAD_LETTERS.command(discard, name="discard")
DEAD_LETTERS.command(quarantine, name="quarantine")
DEAD_LETTERS.command(release, name="release")
DEAD_LETTERS.command(undo, name="undo")
DEAD_LETTERS.command(list_operations, name="operations")
DEAD_LETTERS.command(watch, name="watch")
DEAD_LETTERS.command(accept, name="accept")
DEAD_LETTERS.command(pause, name="pause")
DEAD_LETTERS.command(resume, name="resume")
DEAD_LETTERS.command(pace, name="pace")
DEAD_LETTERS.command(cancel, name="cancel")
DEAD_LETTERS.command(export, name="export")
DEAD_LETTERS.command(replay_bundle, name="replay-bundle")
