"""Logs of containers as the engine's log reader wants them: lines after a position."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from backend.targets.compose.engine import DockerEngine

_NANOSECONDS = 10**9


def since(engine: DockerEngine, container: str, position: int | None) -> tuple[Sequence[str], int]:
    """Lines after `position` and the position to ask from next, in nanoseconds of the epoch.

    None starts at the end. A container that was made anew begins with its own first line.
    """
    if position is None:
        newest = engine.log(container, tail=1)
        return [], max((at for at, _ in _timed(newest)), default=0)
    found = _timed(engine.log(container, since=position // _NANOSECONDS or None))
    fresh = [(at, text) for at, text in found if at > position]
    return [text for _, text in fresh], max((at for at, _ in fresh), default=position)


def last(engine: DockerEngine, container: str, count: int) -> Sequence[str]:
    """The end of a container's log."""
    return [text for _, text in _timed(engine.log(container, tail=count))]


def _timed(lines: Iterable[str]) -> list[tuple[int, str]]:
    parts = (line.partition(" ") for line in lines)
    return [(_nanoseconds(stamp), text) for stamp, _, text in parts if stamp[:1].isdigit()]


def _nanoseconds(stamp: str) -> int:
    """Of a time such as 2026-03-01T10:00:00.123456789Z; a float would lose the last digits."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * _NANOSECONDS + int(fraction.ljust(9, "0")[:9] or 0)
