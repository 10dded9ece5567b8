"""Where a letter comes from and what became of it, in one order of time; and its revisions to compare."""

from datetime import datetime

from backend.contracts.dead_letter_views import LetterDetail
from controllers.wording import count, local_time

ORIGINAL = 0
"""Number that stands for the original bytes; revisions count from 1."""


def lineage_text(letter: LetterDetail) -> str:
    """Ids by which it is found elsewhere, then each failure, edit and act on it, oldest first."""
    facts = [
        ("trace", letter.trace_id),
        ("correlation", letter.correlation_id),
        ("track", letter.track_id),
        ("message", letter.message_id),
        ("queue", letter.routing_key),
        ("from", letter.source_service),
        ("sent again", f"{count(letter.generation)} times" if letter.generation != 1 else "once"),
        ("operation", letter.operation_id),
        ("original", f"sha256 {letter.payload_sha256}"),
    ]
    told = [f"{name:<12}{value}" for name, value in facts if value]
    steps = sorted(_steps(letter), key=_moment)
    happened = [f"{local_time(at, '%d %b %H:%M:%S')}  {text}" for at, text in steps]
    headers = [f"{name}: {value}" for name, value in letter.headers.items()] or ["none"]
    return "\n".join([*told, "", *happened, "", "Headers", *headers])


def _steps(letter: LetterDetail) -> list[tuple[datetime, str]]:
    return [
        *(
            (one.failed_at, f"failed in generation {one.generation}: {one.error_message}")
            for one in letter.attempt_list
        ),
        *(
            (
                entry.happened_at,
                f"{entry.action} by {entry.actor} → {entry.to_state.value.replace('_', ' ')}"
                f"{f': {entry.reason}' if entry.reason else ''}",
            )
            for entry in letter.audit
        ),
        *(
            (one.created_at, f"revision {one.number} by {one.author}: {one.reason}")
            for one in letter.revisions
        ),
    ]


def _moment(step: tuple[datetime, str]) -> datetime:
    return step[0]


def version_words(letter: LetterDetail) -> list[tuple[int, str]]:
    """Number and words of the original and of each revision."""
    words = [(ORIGINAL, "Original")]
    for one in letter.revisions:
        words.append((one.number, f"Revision {one.number}{', a patch' if one.patch is not None else ''}"))
    return words


def made_words(letter: LetterDetail, number: int) -> str:
    """Who made a version, when and why."""
    if number == ORIGINAL:
        return "The original, as it came in. It never changes."
    one = next(one for one in letter.revisions if one.number == number)
    return f"{one.author}, {local_time(one.created_at, '%d %b %H:%M')}: {one.reason}"


def version_text(letter: LetterDetail, number: int) -> str | None:
    """The text of a version; none when its bytes are gone."""
    if number == ORIGINAL:
        return letter.payload_text
    return next((one.payload_text for one in letter.revisions if one.number == number), None)
