"""Says in the audit which attributes changed, from what to what."""

from collections.abc import Mapping
from typing import Any

_LONGEST = 200


def changed_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Such as `owner: nobody → ann; priority: 0 → 3`; empty when nothing changed."""
    names = ("owner", "note", "priority", "labels")
    told = [
        f"{name}: {_shown(before.get(name))} → {_shown(after[name])}"
        for name in names
        if before.get(name) != after[name]
    ]
    return "; ".join(told)


def _shown(value: Any) -> str:
    if value is None or (not value and value != 0):
        return "none"
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
