"""JSON read into places in its own text, so that a change touches nothing but what it is about.

Integers of any size, duplicate keys, the order of keys, escapes and white space all stay as they were
written, because the rest of the text is never parsed into values and written again.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

_SPACE = re.compile(r"[ \t\n\r]*+")
_SCALAR = re.compile(
    r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
    r"|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null"
)
_CLOSING = {"object": "}", "array": "]"}


class NotJsonError(ValueError):
    """The text is not JSON."""


@dataclass
class Node:
    """A value: `text[start:end]`. Objects have a key for each item, arrays have none."""

    kind: Literal["object", "array", "scalar"]
    start: int
    end: int = -1
    items: list["Node"] = field(default_factory=list)
    keys: list["Node"] = field(default_factory=list)


def read_spans(text: str) -> Node:
    """The value that the whole text is, however deep. NotJsonError."""
    reader = _Reader(text)
    root = reader.begin(reader.skipped(0))
    open_nodes = [root] if root.end < 0 else []
    while open_nodes:
        reader.step(open_nodes)
    if reader.skipped(root.end) != len(text):
        raise NotJsonError(f"there is more after the end of the value, at character {root.end}")
    return root


class _Reader:
    """Reads one value after the other; the open containers are on the caller's stack, not on Python's."""

    def __init__(self, text: str) -> None:
        self._text = text

    def skipped(self, at: int) -> int:
        """The first place from `at` on that is no white space."""
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def begin(self, at: int) -> Node:
        """The value that begins here; a container is still open."""
        opened = self._text[at : at + 1]
        if opened in {"{", "["}:
            return Node("object" if opened == "{" else "array", at)
        found = _SCALAR.match(self._text, at)
        if found is None:
            raise NotJsonError(f"no value at character {at}")
        return Node("scalar", at, found.end())

    def step(self, stack: list[Node]) -> None:
        """Read one item of the innermost container, or its end."""
        node = stack[-1]
        at = self.skipped(node.items[-1].end if node.items else node.start + 1)
        if self._text[at : at + 1] == _CLOSING[node.kind]:
            node.end = at + 1
            stack.pop()
            return
        if node.items:
            at = self._expect(",", at)
        if node.kind == "object":
            at = self._key(node, at)
        item = self.begin(at)
        node.items.append(item)
        if item.end < 0:
            stack.append(item)

    def _key(self, node: Node, at: int) -> int:
        key = self.begin(at)
        if self._text[at] != '"':
            raise NotJsonError(f"no key at character {at}")
        node.keys.append(key)
        return self._expect(":", self.skipped(key.end))

    def _expect(self, sign: str, at: int) -> int:
        if self._text[at : at + 1] != sign:
            raise NotJsonError(f"{sign} is missing at character {at}")
        return self.skipped(at + 1)
