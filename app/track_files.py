"""Files of tracks: CSV with a header, or JSON Lines. Every row is either queued or reported."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from backend.clients.enrichment import EnrichmentClient
from backend.contracts.enrichment import EnrichRequest
from backend.contracts.errors import OperatorError
from backend.contracts.imports import BadRow, ImportReport
from backend.contracts.runs import ExitCode

BATCH = 1000
"""Tracks in one call; the most that `/enrich/batch` takes."""
_MOST_BAD_ROWS = 1000
_LONGEST_TEXT = 200
_REQUIRED = ("track_id", "artist_name", "track_title")
_ALSO = {"artist": "artist_name", "title": "track_title", "isrc": "existing_isrc", "id": "track_id"}
"""Names of columns that are taken for the usual ones."""

Row = tuple[int, dict[str, Any] | str, str]
"""Line, its fields (or what is wrong with it), its text."""


@dataclass(frozen=True)
class TrackFile:
    """What a file holds."""

    requests: tuple[EnrichRequest, ...]
    report: ImportReport


def read_tracks(path: Path) -> TrackFile:
    """Read a whole file; OperatorError when it is no such file at all."""
    kind = _kind(path)
    requests: dict[str, EnrichRequest] = {}
    bad: list[BadRow] = []
    rows = duplicates = 0
    for line, fields, text in _rows(path, kind):
        rows += 1
        made = fields if isinstance(fields, str) else _request(fields)
        if isinstance(made, str):
            bad.append(BadRow(line=line, problem=made, text=text[:_LONGEST_TEXT]))
            continue
        duplicates += made.track_id in requests
        requests[made.track_id] = made
    report = ImportReport(
        path=str(path),
        format=kind,
        rows=rows,
        good=len(requests),
        duplicates=duplicates,
        bad=bad[:_MOST_BAD_ROWS],
    )
    return TrackFile(tuple(requests.values()), report)


def import_file(client: EnrichmentClient, path: Path) -> ImportReport:
    """Queue the good rows under one correlation id; says how many were queued when the service goes away."""
    held = read_tracks(path)
    correlation = f"import-{uuid4()}"
    traced = [
        one.model_copy(update={"correlation_id": one.correlation_id or correlation}) for one in held.requests
    ]
    for start in range(0, len(traced), BATCH):
        try:
            client.enqueue(traced[start : start + BATCH])
        except OperatorError as error:
            raise OperatorError(
                f"{start} of {len(traced)} tracks were queued, then: {error.message}",
                f"{error.remedy} Import the file again then: what is done is not done twice.".strip(),
                exit_code=error.exit_code,
            ) from error
    return held.report.model_copy(update={"queued": len(traced), "correlation_id": correlation})


def _kind(path: Path) -> str:
    kinds = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
    if path.suffix.lower() not in kinds:
        raise _unusable(f"{path.name} is neither CSV nor JSON Lines.", "Name it .csv or .jsonl.")
    return kinds[path.suffix.lower()]


def _rows(path: Path, kind: str) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = (line.replace("\x00", "\ufffd") for line in file)
            yield from _csv_rows(path, lines) if kind == "csv" else _json_rows(lines)
    except OSError as error:
        raise _unusable(f"{path} cannot be read: {error.strerror}.", "Give a file that exists.") from error
    except UnicodeDecodeError as error:
        raise _unusable(f"{path.name} is not UTF-8: {error.reason}.", "Save it as UTF-8.") from error


def _csv_rows(path: Path, lines: Iterator[str]) -> Iterator[Row]:
    reader = csv.DictReader(lines)
    names = [_ALSO.get(_plain(name), _plain(name)) for name in reader.fieldnames or ()]
    if missing := [name for name in _REQUIRED if name not in names]:
        raise _unusable(
            f"{path.name} has no column {', '.join(missing)}.",
            f"The first line has to name the columns: {', '.join(_REQUIRED)}.",
        )
    reader.fieldnames = names
    for row in reader:
        text = ",".join(str(value) for value in row.values() if value is not None)
        # DictReader keeps what the header has no name for under None.
        too_long = any(name is None for name in row)
        fields: dict[str, Any] = {name: value for name, value in row.items() if name is not None and value}
        yield reader.line_num, "it has more columns than the header" if too_long else fields, text


def _json_rows(lines: Iterator[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        try:
            held = json.loads(text)
        except ValueError as error:
            yield number, f"it is no JSON: {error}", text
            continue
        if isinstance(held, dict):
            named: dict[str, Any] = {
                _ALSO.get(str(name), str(name)): value for name, value in held.items() if value is not None
            }
            yield number, named, text
        else:
            yield number, "it is no JSON object", text


def _request(fields: dict[str, Any]) -> EnrichRequest | str:
    try:
        return EnrichRequest.model_validate(fields)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in problems)


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _unusable(message: str, remedy: str) -> OperatorError:
    return OperatorError(message, remedy, exit_code=ExitCode.USAGE)
