"""How releases are called: `YYYY.MM.DD-N`."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path


def next_release_id(folder: Path, today: datetime | None = None) -> str:
    """The day and the first number that no release in `folder` has. Changes nothing."""
    day = (today or datetime.now(UTC)).strftime("%Y.%m.%d")
    taken = {path.name for path in folder.glob(f"{day}-*")}
    return next(name for number in count(1) if (name := f"{day}-{number}") not in taken)
