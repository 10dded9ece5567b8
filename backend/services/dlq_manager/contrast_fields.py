"""Compares two groups of payloads field by field: what is missing, empty or the same in one of them."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from backend.contracts.dead_letter_contrast import ContrastField, FieldState

ENOUGH = 5
"""Payloads on either side, below which a share says nothing."""
MOST_FIELDS = 12
_LEAST_DIFFERENCE = 0.2
_LONGEST_VALUE = 80
_MOST_PATHS = 200
_DEEPEST = 6
Reading = dict[str, tuple[FieldState, str]]
"""Of one payload: each path with its state and value."""


def read_payload(body: bytes) -> Reading | None:
    """Paths of a payload; none when it is no JSON object."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    reading: Reading = {}
    for path, value in _leaves(document, "", _DEEPEST):
        reading[path] = _state(value)
        if len(reading) == _MOST_PATHS:
            break
    return reading


def contrast(failing: Sequence[Reading], others: Sequence[Reading]) -> list[ContrastField]:
    """Of each path the state or value whose shares differ most; only what is commoner in the failing ones."""
    if min(len(failing), len(others)) < ENOUGH:
        return []
    paths = {path for reading in (*failing, *others) for path in reading}
    here, there = _counted(failing, paths), _counted(others, paths)
    best: dict[str, ContrastField] = {}
    for (path, state, value), number in here.items():
        field = ContrastField(
            path=path,
            state=state,
            value=value,
            failing=number / len(failing),
            others=there[path, state, value] / len(others),
        )
        if path not in best or _difference(field) > _difference(best[path]):
            best[path] = field
    found = [field for field in best.values() if _difference(field) >= _LEAST_DIFFERENCE]
    return sorted(found, key=_rank)[:MOST_FIELDS]


def _difference(field: ContrastField) -> float:
    return field.failing - field.others


def _rank(field: ContrastField) -> tuple[float, str]:
    return -_difference(field), field.path


def _counted(readings: Sequence[Reading], paths: set[str]) -> Counter[tuple[str, FieldState, str]]:
    missing = (FieldState.MISSING, "")
    return Counter((path, *reading.get(path, missing)) for reading in readings for path in paths)


def _leaves(value: Any, path: str, deep: int) -> Iterator[tuple[str, Any]]:
    """Objects are walked into; lists are told as wholes: their places mean nothing."""
    if isinstance(value, dict) and value and deep:
        for name, inner in value.items():
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            yield from _leaves(inner, f"{path}/{escaped}", deep - 1)
    else:
        yield path, value


def _state(value: Any) -> tuple[FieldState, str]:
    if value is None or value in ("", [], {}):
        return FieldState.EMPTY, ""
    return FieldState.VALUE, json.dumps(value, ensure_ascii=False)[:_LONGEST_VALUE]
