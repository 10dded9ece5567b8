"""Reads the rows of a file of tracks, CSV with a header or JSON Lines, one at a time, whatever is in it."""

import codecs
import csv
import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode

LONGEST_LINE = 1_000_000
"""Characters; a longer line is no track."""
_CHUNK = 65_536
_MOST_LINES = 50
"""Lines of one CSV row, whose quoted fields may hold line breaks; more means a quote that is never closed."""
_DELIMITERS = (",", ";", "\t")
_EXCEL = "sep="
"""Begins a first line by which spreadsheets name the delimiter."""
_REQUIRED = ("track_id", "artist_name", "track_title")
_ALSO = {"artist": "artist_name", "title": "track_title", "isrc": "existing_isrc", "id": "track_id"}
"""Names of columns that are taken for the usual ones."""
_TOO_LONG = f"the line has more than {LONGEST_LINE} characters"
_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"PK\x03\x04": "a spreadsheet or an archive"}


class Row(NamedTuple):
    """One row, or what is wrong with it."""

    line: int
    """Where it begins, from 1."""
    fields: dict[str, Any]
    problem: str
    """Empty when it could be read."""
    text: str
    size: int
    """Characters of the file up to its end; near enough to bytes to show how far the reading is."""


class _UnclosedQuoteError(Exception):
    """A row does not end within the lines that a row may have."""


def kind_of(path: Path) -> str:
    """`csv` or `jsonl`, by the name; OperatorError when it is neither."""
    kinds = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
    if path.suffix.lower() not in kinds:
        raise unusable(f"{path.name} is neither CSV nor JSON Lines.", "Name it .csv or .jsonl.")
    return kinds[path.suffix.lower()]


def read_rows(path: Path) -> Iterator[Row]:
    """Every row that is not blank; OperatorError when the file is no such file at all."""
    kind = kind_of(path)
    try:
        _refuse_other_formats(path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = _Lines(file)
            yield from _csv_rows(path, lines) if kind == "csv" else _json_rows(lines)
    except OSError as error:
        raise unusable(f"{path} cannot be read: {error.strerror}.", "Give a file that exists.") from error
    except UnicodeDecodeError as error:
        line, byte = _undecodable(path)
        wrong = f"byte 0x{byte:02X} in line {line}"
        raise unusable(f"{path.name} is not UTF-8: {wrong}.", "Save it as UTF-8.") from error


def unusable(message: str, remedy: str) -> OperatorError:
    """The file cannot be used at all."""
    return OperatorError(message, remedy, exit_code=ExitCode.USAGE)


def _refuse_other_formats(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4096)
    found = next((name for mark, name in _MARKS.items() if start.startswith(mark)), "")
    if not found and start.count(0) > len(start) // 4:
        found = "UTF-16 or no text"
    if found:
        raise unusable(f"{path.name} is {found}, not UTF-8 text.", "Save it as CSV in UTF-8.")


def _undecodable(path: Path) -> tuple[int, int]:
    """Line and value of the first byte that is no UTF-8; rows cannot tell, reading is ahead of them."""
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            try:
                line += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError as error:
                return line + error.object.count(b"\n", 0, error.start), error.object[error.start]
    return line, (decoder.getstate()[0] or b"\0")[0]  # the last character is cut


class _Lines:
    """The lines of a file with their numbers. Too long ones come cut; some can be put back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._back: deque[tuple[int, str]] = deque()
        self._read = 0
        self.number = 0
        """Of the last line given, from 1."""
        self.size = 0
        """Characters read."""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._back:
            self.number, line = self._back.popleft()
            return line
        line = self._file.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self._read += 1
        self.number, self.size = self._read, self.size + len(line)
        if len(line) > LONGEST_LINE:
            self._skip_rest(line)
        return line

    def put_back(self, lines: list[tuple[int, str]]) -> None:
        """Give these again, the first of them next."""
        self._back.extendleft(reversed(lines))

    def _skip_rest(self, line: str) -> None:
        while line and line[-1] not in "\r\n":
            line = self._file.readline(LONGEST_LINE)
            self.size += len(line)


class _Record:
    """The lines of one CSV row, as the parser asks for them."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self.taken: list[tuple[int, str]] = []

    def __iter__(self) -> "_Record":
        return self

    def __next__(self) -> str:
        if len(self.taken) == _MOST_LINES:
            raise _UnclosedQuoteError
        line = next(self._lines)
        self.taken.append((self._lines.number, line))
        return line


def _csv_rows(path: Path, lines: _Lines) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_LINE + 1)
    names, delimiter = _header(path, lines)
    record = _Record(lines)
    parser = csv.reader(record, delimiter=delimiter, strict=True)
    while True:
        record.taken.clear()
        try:
            values = next(parser)
        except StopIteration:
            return
        except (csv.Error, _UnclosedQuoteError) as error:
            # The parser is in the middle of a field: a new one goes on with the next line.
            lines.put_back(record.taken[1:])
            yield _bad(lines, record.taken, _quote_problem(error))
            record = _Record(lines)
            parser = csv.reader(record, delimiter=delimiter, strict=True)
            continue
        if any(value.strip() for value in values):
            yield _csv_row(lines, record.taken, names, values)


def _quote_problem(error: Exception) -> str:
    if isinstance(error, _UnclosedQuoteError) or "unexpected end of data" in str(error):
        return "a quotation mark is opened and not closed"
    return f"its quotation marks cannot be read: {error}"


def _csv_row(lines: _Lines, taken: list[tuple[int, str]], names: list[str], values: list[str]) -> Row:
    if any(len(line) > LONGEST_LINE for _number, line in taken):
        return _bad(lines, taken, _TOO_LONG)
    if len(values) > len(names) and any(value.strip() for value in values[len(names) :]):
        return _bad(lines, taken, f"it has {len(values)} columns, the header has {len(names)}")
    pairs = zip(names, values, strict=False)  # a short row lacks its last columns
    fields: dict[str, Any] = {name: value.strip() for name, value in pairs if value.strip()}
    return Row(taken[0][0], fields, "", _text(taken), lines.size)


def _header(path: Path, lines: _Lines) -> tuple[list[str], str]:
    first = next(lines, "")
    told = first[len(_EXCEL) :].strip("\r\n") if first.lower().startswith(_EXCEL) else ""
    line = next(lines, "") if told else first
    if not line.strip():
        raise unusable(f"{path.name} is empty.", "Its first line has to name the columns.")
    choices = {one: _names(line, one) for one in ((told,) if len(told) == 1 else _DELIMITERS)}
    delimiter = max(choices, key=lambda one: sum(name in choices[one] for name in _REQUIRED))
    names = choices[delimiter]
    if missing := [name for name in _REQUIRED if name not in names]:
        raise unusable(
            f"{path.name} has no column {', '.join(missing)}.",
            f"The first line has to name the columns: {', '.join(_REQUIRED)}.",
        )
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise unusable(f"{path.name} has the column {', '.join(twice)} twice.", "Keep one of them.")
    return names, delimiter


def _names(line: str, delimiter: str) -> list[str]:
    cells = next(csv.reader([line], delimiter=delimiter), [])
    plain = [cell.strip().lower().replace(" ", "_") for cell in cells]
    return [_ALSO.get(name, name) for name in plain]


def _json_rows(lines: _Lines) -> Iterator[Row]:
    for line in lines:
        taken = [(lines.number, line)]
        if not line.strip():
            continue
        if len(line) > LONGEST_LINE:
            yield _bad(lines, taken, _TOO_LONG)
            continue
        try:
            held = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield _bad(lines, taken, f"it is no JSON: {error}")
            continue
        if isinstance(held, dict):
            yield Row(lines.number, _usual(held), "", _text(taken), lines.size)
        else:
            yield _bad(lines, taken, "it is no JSON object")


def _usual(held: dict[str, Any]) -> dict[str, Any]:
    return {_ALSO.get(name, name): value for name, value in held.items() if value is not None}


def _bad(lines: _Lines, taken: list[tuple[int, str]], problem: str) -> Row:
    return Row(taken[0][0], {}, problem, _text(taken), lines.size)


def _text(taken: list[tuple[int, str]]) -> str:
    return taken[0][1][:200].strip()
