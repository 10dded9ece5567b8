"""Judge a plain SQL dump without running it: is it whole, and does it stay in its database?

psql would obey `\\connect` or `DROP DATABASE` in a file, and so leave the scratch database that the file
is to be tried in. Words inside COPY data, quoted text, function bodies and comments are only data.
"""

import re
from collections.abc import Iterable

from backend.contracts.errors import OperatorError

_TRAILER = b"PostgreSQL database dump complete"
_COPY = re.compile(rb"COPY\s.*\sFROM\s+stdin\b.*;\s*$", re.IGNORECASE)
_HARMLESS_COMMAND = re.compile(rb"\\(restrict|unrestrict)\s")
_LEAVING = re.compile(rb"^\s*(CREATE|DROP|ALTER)\s+DATABASE\b", re.IGNORECASE)
_OPENING = re.compile(rb"--|/\*|(?<!\w)[eE]'|'|\"|\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$")
_CLOSING = {
    b"'": re.compile(rb"'"),
    b"e'": re.compile(rb"(?<!\\)(?:\\\\)*'"),
    b'"': re.compile(rb'"'),
    b"/*": re.compile(rb"\*/"),
}


class UnsafeScriptError(OperatorError):
    """The script would touch more than the database it is loaded into, or is not whole."""


class ScriptCheck:
    """Takes the lines of a script one after the other, then `finish`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._copying = False
        self._open = b""
        """The opening of a quotation that goes on, empty outside of any."""
        self._statement = b""
        """The beginning of the statement at hand, without quoted parts."""
        self._last_lines: list[bytes] = []
        self._number = 0

    def take(self, lines: Iterable[bytes]) -> None:
        """Check the next lines. Raises UnsafeScriptError."""
        for line in lines:
            self._number += 1
            if self._copying:
                self._copying = line.rstrip(b"\r\n") != b"\\."
            else:
                self._take_statement_line(line)
            if line.strip():
                self._last_lines = [*self._last_lines[-9:], line]

    def finish(self) -> None:
        """Raise UnsafeScriptError when the script is empty or was cut off."""
        self._check_statement(self._statement)
        if not self._last_lines:
            raise UnsafeScriptError(f"{self._name} is empty.", "Choose another backup. Nothing was changed.")
        if self._copying or self._open or not any(_TRAILER in line for line in self._last_lines):
            raise UnsafeScriptError(
                f"{self._name} is cut off: the line with which pg_dump ends a dump is missing.",
                "Choose a complete backup. Nothing was changed.",
            )

    def _take_statement_line(self, line: bytes) -> None:
        code = self._without_quotations(line)
        if b"\\" in code:
            self._check_command(code)
            return
        *finished, rest = code.split(b";")
        for part in finished:
            self._check_statement(self._statement + part)
            self._statement = b""
        self._statement = (self._statement + rest)[:200]
        self._copying = not self._open and _COPY.match(line.lstrip()) is not None

    def _without_quotations(self, line: bytes) -> bytes:
        code, position = b"", 0
        while position < len(line):
            if self._open:
                closing = self._closing().search(line, position)
                if closing is None:
                    return code
                position, self._open = closing.end(), b""
                continue
            opening = _OPENING.search(line, position)
            if opening is None:
                return code + line[position:]
            code += line[position : opening.start()] + b" "
            if opening.group() == b"--":
                return code + b"\n"
            position, self._open = opening.end(), opening.group().lower()
            if opening.group().startswith(b"$"):
                self._open = opening.group()
        return code

    def _closing(self) -> re.Pattern[bytes]:
        return _CLOSING.get(self._open) or re.compile(re.escape(self._open))

    def _check_command(self, code: bytes) -> None:
        if _HARMLESS_COMMAND.match(code):
            return
        word = code[code.index(b"\\") :].split(maxsplit=1)[0].decode(errors="replace")
        raise UnsafeScriptError(
            f"{self._name} has the psql command {word} in line {self._number}; it could leave the database "
            "or run a program.",
            "Choose a dump of one database, made by pg_dump. Nothing was changed.",
        )

    def _check_statement(self, statement: bytes) -> None:
        match = _LEAVING.match(statement)
        if match is not None:
            words = b" ".join(match.group().split()).decode().upper()
            raise UnsafeScriptError(
                f"{self._name} has {words} in line {self._number}: it would act on a whole database.",
                "Choose a dump made without --create, of one database. Nothing was changed.",
            )
