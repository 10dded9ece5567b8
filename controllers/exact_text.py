"""Text for an editor that keeps every character, also those that a text widget cannot hold.

A text widget takes carriage returns and paragraph separators for ends of lines, and drops a byte order mark.
They are shown as signs that the text does not use itself, and read back as what they were.
"""

from itertools import count

_SIGNS = {"\r": "␍", "\u2028": "␤", "\u2029": "␊", "\ufdd0": "␚", "\ufdd1": "␛", "\ufeff": "␀"}
_NAMES = {
    "\r": "a carriage return",
    "\u2028": "a line separator",
    "\u2029": "a paragraph separator",
    "\ufdd0": "U+FDD0",
    "\ufdd1": "U+FDD1",
    "\ufeff": "a byte order mark",
}
_FIRST_PRIVATE = 0xE000
LINE, PARAGRAPH = "\u2028", "\u2029"
"""What an editor has at a line that was broken with Shift+Return, and at the end of a line."""


class ExactText:
    """`shown` goes into the editor; `read` turns the editor's raw text into what is meant."""

    def __init__(self, text: str) -> None:
        self._end = "\r\n" if _ends_in_pairs(text) else "\n"
        plain = text.replace("\r\n", "\n") if self._end == "\r\n" else text
        self._signs = _free_signs(plain)
        self.shown = _replaced(plain, self._signs)

    def read(self, raw: str) -> str:
        """The text meant by `QTextDocument.toRawText()`; all ends of lines as the original had them."""
        lines = raw.replace(PARAGRAPH, "\n").replace(LINE, "\n")
        meant = lines.replace("\n", self._end)
        return _replaced(meant, {sign: special for special, sign in self._signs.items()})

    @property
    def legend(self) -> str:
        """What the signs stand for; empty when there are none."""
        told = [f"{sign} stands for {_NAMES[special]}" for special, sign in self._signs.items()]
        if self._end == "\r\n":
            told.append("lines end in CR LF")
        return ", ".join(told)


def _replaced(text: str, by: dict[str, str]) -> str:
    return text.translate({ord(old): new for old, new in by.items()})


def _ends_in_pairs(text: str) -> bool:
    pairs = text.count("\r\n")
    return pairs > 0 and pairs == text.count("\r") == text.count("\n")


def _free_signs(text: str) -> dict[str, str]:
    used = set(text)
    free = (chr(code) for code in count(_FIRST_PRIVATE) if chr(code) not in used)
    return {
        special: next(free) if sign in used else sign for special, sign in _SIGNS.items() if special in used
    }
