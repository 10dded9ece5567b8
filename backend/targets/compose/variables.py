"""The stack's `.env`: read and changed line by line, so that comments and what others set stay."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$")


class StackVariables:
    """The variables in one `.env`; `example` is what a missing one is begun from."""

    def __init__(self, file: Path, example: Path) -> None:
        self._file = file
        self._example = example

    @property
    def file(self) -> Path:
        """The `.env`."""
        return self._file

    def exists(self) -> bool:
        """Whether there is one already."""
        return self._file.is_file()

    def all(self) -> dict[str, str]:
        """Names and values; those of the example while there is no `.env`."""
        return _parsed(self._lines())

    def put(self, values: Mapping[str, str]) -> bool:
        """Set these, keep everything else; whether anything had to be written.

        The file is replaced whole, with mode 0600: it is complete or untouched.
        """
        present = self.all()
        if self.exists() and all(present.get(name) == value for name, value in values.items()):
            return False
        left = dict(values)
        lines = [_changed(line, left) for line in self._lines()]
        lines += [f"{name}={value}" for name, value in left.items()]
        self._replace("\n".join(lines) + "\n")
        return True

    def _lines(self) -> list[str]:
        source = self._file if self.exists() else self._example
        return source.read_text(encoding="utf-8").splitlines() if source.is_file() else []

    def _replace(self, text: str) -> None:
        fresh = self._file.with_name(f"{self._file.name}.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self._file)


def read_variables(file: Path) -> dict[str, str]:
    """Names and values of one file of variables."""
    return _parsed(file.read_text(encoding="utf-8").splitlines())


def _parsed(lines: Iterable[str]) -> dict[str, str]:
    found = (_LINE.match(line) for line in lines)
    return {match[1]: _unquoted(match[2]) for match in found if match}


def _changed(line: str, left: dict[str, str]) -> str:
    """The line with its new value, which is then taken from `left`."""
    match = _LINE.match(line)
    if match is None or match[1] not in left:
        return line
    return f"{match[1]}={left.pop(match[1])}"


def _unquoted(value: str) -> str:
    text = value.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
