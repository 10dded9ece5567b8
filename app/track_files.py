"""Files of tracks: every row is queued, or reported. Read twice and never held as a whole."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from app.track_rows import kind_of, read_rows
from backend.clients.enrichment import EnrichmentClient
from backend.contracts.enrichment import EnrichRequest
from backend.contracts.errors import OperatorError
from backend.contracts.imports import BadRow, ImportReport

BATCH = 1000
"""Tracks in one call; the most that `/enrich/batch` takes."""
_MOST_BAD_ROWS = 1000
_ROWS_A_WORD = 5000
"""Rows between two words about the progress."""

Progress = Callable[[int, int], None]
"""Told how much of how much: bytes while a file is checked, tracks while they are queued."""


def _silent(_done: int, _of: int) -> None:
    """Nobody wants to know."""


def _keep_nothing(_bad: BadRow) -> None:
    """The report's own list is enough."""


@dataclass(frozen=True)
class TrackFile:
    """What a file holds."""

    path: Path
    report: ImportReport
    lines: dict[str, int]
    """Track id → the line that counts: the last one with that id."""

    def requests(self) -> Iterator[EnrichRequest]:
        """The good rows, each track once, read from the file again."""
        for row in read_rows(self.path):
            made = row.problem or _request(row.fields)
            if isinstance(made, EnrichRequest) and self.lines.get(made.track_id) == row.line:
                yield made


def read_tracks(
    path: Path, progress: Progress = _silent, on_bad: Callable[[BadRow], None] = _keep_nothing
) -> TrackFile:
    """Check a whole file; OperatorError when it is no such file at all. `on_bad` is told every bad row."""
    kind = kind_of(path)
    lines: dict[str, int] = {}
    bad: list[BadRow] = []
    rows = duplicates = 0
    for row in read_rows(path):
        rows += 1
        if rows % _ROWS_A_WORD == 0:
            progress(row.size, path.stat().st_size)
        made = row.problem or _request(row.fields)
        if isinstance(made, EnrichRequest):
            duplicates += made.track_id in lines
            lines[made.track_id] = row.line
            continue
        wrong = BadRow(line=row.line, problem=made, text=row.text)
        on_bad(wrong)
        if len(bad) < _MOST_BAD_ROWS:
            bad.append(wrong)
    report = ImportReport(
        path=str(path), format=kind, rows=rows, good=len(lines), duplicates=duplicates, bad=bad
    )
    return TrackFile(path, report, lines)


def import_file(client: EnrichmentClient, path: Path) -> ImportReport:
    """Check a file, then queue its good rows."""
    return queue_tracks(client, read_tracks(path))


def queue_tracks(client: EnrichmentClient, file: TrackFile, progress: Progress = _silent) -> ImportReport:
    """Queue the good rows under one correlation id; says how many were queued when the service goes away."""
    correlation, queued = f"import-{uuid4()}", 0
    requests = file.requests()
    while batch := list(itertools.islice(requests, BATCH)):
        traced = [
            one.model_copy(update={"correlation_id": one.correlation_id or correlation}) for one in batch
        ]
        try:
            client.enqueue(traced)
        except OperatorError as error:
            raise OperatorError(
                f"{queued} of {file.report.good} tracks were queued, then: {error.message}",
                f"{error.remedy} Import the file again then: what is done is not done twice.".strip(),
                exit_code=error.exit_code,
            ) from error
        queued += len(batch)
        progress(queued, file.report.good)
    return file.report.model_copy(update={"queued": queued, "correlation_id": correlation})


def _request(fields: dict[str, Any]) -> EnrichRequest | str:
    """The request, or what is wrong with the row, for the operator."""
    identifier = fields.get("track_id")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        fields = {**fields, "track_id": str(identifier)}
    try:
        return EnrichRequest.model_validate(fields)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        return "; ".join(_in_words(problem["loc"], problem["type"], problem["msg"]) for problem in problems)


def _in_words(place: tuple[int | str, ...], kind: str, message: str) -> str:
    name = ".".join(map(str, place))
    if kind in {"missing", "string_too_short"}:
        return f"{name} is missing"
    return f"{name}: {message.removeprefix('Value error, ')}"
