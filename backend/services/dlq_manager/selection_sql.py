"""Turns a Selection into a condition on `dead_letters.messages AS m`."""

from collections.abc import Iterable
from typing import Any

from psycopg import sql

from backend.contracts.dead_letter_views import Selection
from backend.services.dlq_manager.refusals import RefusedError


def compile_selection(selection: Selection) -> tuple[sql.Composable, dict[str, Any]]:
    """The condition and its arguments, whose names begin with `chosen_`. RefusedError: it cannot be read."""
    if selection.query.strip():
        raise RefusedError("This service does not read queries yet. Select by cause, state or time.")
    parts = [part for wanted, part in zip(_wanted(selection), _PARTS, strict=True) if wanted]
    return sql.SQL(" AND ").join(map(sql.SQL, parts or ["true"])), _arguments(selection)


_PARTS = (
    "m.state = ANY(%(chosen_states)s)",
    "m.fingerprint = %(chosen_fingerprint)s",
    "m.failed_at >= %(chosen_from)s",
    "m.failed_at < %(chosen_until)s",
    "m.message_id = ANY(%(chosen_ids)s)",
    "m.message_id <> ALL(%(chosen_except)s)",
    "m.operation_id = %(chosen_operation)s::uuid",
)


def _wanted(selection: Selection) -> Iterable[bool]:
    return (
        True,
        selection.fingerprint is not None,
        selection.failed_from is not None,
        selection.failed_until is not None,
        selection.message_ids is not None,
        bool(selection.except_ids),
        selection.operation_id is not None,
    )


def _arguments(selection: Selection) -> dict[str, Any]:
    return {
        "chosen_states": [state.value for state in selection.states],
        "chosen_fingerprint": selection.fingerprint,
        "chosen_from": selection.failed_from,
        "chosen_until": selection.failed_until,
        "chosen_ids": selection.message_ids,
        "chosen_except": selection.except_ids,
        "chosen_operation": selection.operation_id,
    }
