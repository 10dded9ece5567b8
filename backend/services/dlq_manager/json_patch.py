"""JSON Patch (RFC 6902) on the text of a payload: whatever the patch does not name stays byte for byte."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from backend.services.dlq_manager.json_spans import Node, NotJsonError, read_spans
from backend.services.dlq_manager.json_splices import inserted, removed, replaced
from backend.services.dlq_manager.patch_steps import PatchFailedError, PatchStep, dumped


def patched(body: bytes, steps: Sequence[PatchStep]) -> bytes:
    """The payload after all steps; all or nothing. PatchFailedError."""
    try:
        text = body.decode()
        root = read_spans(text)
    except UnicodeDecodeError as error:
        raise PatchFailedError("the payload is not text in UTF-8") from error
    except NotJsonError as error:
        raise PatchFailedError("the payload is not JSON") from error
    for step in steps:
        text = _applied(text, root, step)
        root = read_spans(text)
    return text.encode()


def _applied(text: str, root: Node, step: PatchStep) -> str:
    if step.op in {"add", "copy"}:
        return _added(text, root, step, _new_text(text, root, step))
    if step.op == "move":
        return _moved(text, root, step)
    node = _found(text, root, step.path, step)
    if step.op == "replace":
        return replaced(text, node, dumped(step.value))
    if step.op == "remove":
        return _without(text, root, step.path, step)
    _test(text[node.start : node.end], step)
    return text


def _test(there: str, step: PatchStep) -> None:
    try:
        same = _equal(_exact(there), _exact(dumped(step.value)))
    except (ArithmeticError, RecursionError) as error:
        raise step.failed("the value there cannot be compared") from error
    if not same:
        raise step.failed("the value there is another one")


def _new_text(text: str, root: Node, step: PatchStep) -> str:
    if step.op == "add":
        return dumped(step.value)
    node = _found(text, root, step.source, step)
    return text[node.start : node.end]


def _moved(text: str, root: Node, step: PatchStep) -> str:
    node = _found(text, root, step.source, step)
    if step.source == step.path:
        return text
    carried = text[node.start : node.end]
    rest = _without(text, root, step.source, step)
    return _added(rest, read_spans(rest), step, carried)


def _without(text: str, root: Node, path: tuple[str, ...], step: PatchStep) -> str:
    if not path:
        raise step.failed("the whole payload cannot be taken away")
    parent = _found(text, root, path[:-1], step)
    return removed(text, parent, _index(text, parent, path[-1], step))


def _added(text: str, root: Node, step: PatchStep, new: str) -> str:
    if not step.path:
        return replaced(text, root, new)
    parent, name = _found(text, root, step.path[:-1], step), step.path[-1]
    if parent.kind == "array":
        at = len(parent.items) if name == "-" else _number(name, step)
        if at > len(parent.items):
            raise step.failed("the list is shorter than that")
        return inserted(text, parent, at, new)
    if parent.kind != "object":
        raise step.failed("what is there has no parts")
    places = _places(text, parent, name)
    if not places:
        return inserted(text, parent, len(parent.items), new, dumped(name))
    return replaced(text, parent.items[_single(places, step)], new)


def _found(text: str, root: Node, path: tuple[str, ...], step: PatchStep) -> Node:
    node = root
    for part in path:
        node = node.items[_index(text, node, part, step)]
    return node


def _index(text: str, node: Node, part: str, step: PatchStep) -> int:
    if node.kind == "object":
        return _single(_places(text, node, part), step)
    if node.kind == "array" and part != "-" and _number(part, step) < len(node.items):
        return int(part)
    raise step.failed("there is no such place")


def _places(text: str, node: Node, name: str) -> list[int]:
    return [at for at, key in enumerate(node.keys) if json.loads(text[key.start : key.end]) == name]


def _single(places: list[int], step: PatchStep) -> int:
    if not places:
        raise step.failed("there is no such place")
    if len(places) > 1:
        raise step.failed("the key stands there more than once; edit such payloads by hand")
    return places[0]


def _number(part: str, step: PatchStep) -> int:
    if not (part.isascii() and part.isdigit()) or (part[0] == "0" and part != "0") or len(part) > 9:
        raise step.failed("a place in a list is a number without leading zeros")
    return int(part)


def _exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
