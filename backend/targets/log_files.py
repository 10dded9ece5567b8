"""Reading log files that grow and are rotated."""

from collections.abc import Sequence
from pathlib import Path

_TAIL_BYTES = 256 * 1024


def read_since(path: Path, position: int | None) -> tuple[Sequence[str], int]:
    """Complete lines written after `position`, and the position behind them.

    None starts at the present end; a file that became shorter was rotated and is read from its beginning.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return [], 0
    if position is None:
        return [], size
    start = position if position <= size else 0
    with path.open("rb") as stream:
        stream.seek(start)
        content = stream.read(_TAIL_BYTES)
    complete = content.rfind(b"\n") + 1
    return content[:complete].decode(errors="replace").splitlines(), start + complete


def tail(path: Path, count: int) -> Sequence[str]:
    """The last `count` lines; none when there is no file."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            content = stream.read()
    except FileNotFoundError:
        return []
    return content.decode(errors="replace").splitlines()[-count:]
