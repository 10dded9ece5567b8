"""Changes of a JSON text at one place, in the white space that surrounds it."""

import re

from backend.services.dlq_manager.json_spans import Node

_SPACE = re.compile(r"[ \t\n\r]*+")


def replaced(text: str, node: Node, new: str) -> str:
    """The text with another value in the node's place."""
    return text[: node.start] + new + text[node.end :]


def removed(text: str, parent: Node, at: int) -> str:
    """The text without the parent's item, its key and one comma."""
    begin, end = _begin(parent, at), parent.items[at].end
    if at + 1 < len(parent.items):
        end = _begin(parent, at + 1)
    elif at > 0:
        begin = parent.items[at - 1].end
    return text[:begin] + text[end:]


def inserted(text: str, parent: Node, at: int, new: str, key: str | None = None) -> str:
    """The text with one more item before the parent's item `at`; objects need the key, as JSON."""
    if not parent.items:
        written = new if key is None else f"{key}: {new}"
        return text[: parent.start + 1] + written + text[parent.start + 1 :]
    space = _space(text, parent)
    if key is not None:
        last_key, last = parent.keys[-1], parent.items[-1]
        new = key + text[last_key.end : last.start] + new
    if at < len(parent.items):
        place = _begin(parent, at)
        return text[:place] + new + "," + space + text[place:]
    place = parent.items[-1].end
    return text[:place] + "," + space + new + text[place:]


def _begin(parent: Node, at: int) -> int:
    return parent.keys[at].start if parent.keys else parent.items[at].start


def _space(text: str, parent: Node) -> str:
    """What stands before the last item: after its comma, or after the bracket when it is the only one."""
    if len(parent.items) == 1:
        return text[parent.start + 1 : _begin(parent, 0)]
    comma = text.index(",", parent.items[-2].end)
    found = _SPACE.match(text, comma + 1)
    return found.group() if found else ""
