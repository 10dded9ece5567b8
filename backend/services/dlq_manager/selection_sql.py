"""Turns a Selection into a condition on `dead_letters.messages AS m`."""

from collections.abc import Iterable
from typing import Any

from psycopg import sql

from backend.contracts.dead_letter_query import QueryError, parse, with_caller
from backend.contracts.dead_letter_views import Selection
from backend.contracts.dead_letters import OPEN_STATES
from backend.services.dlq_manager.query_sql import compile_terms
from backend.services.dlq_manager.refusals import RefusedError


def resolved(selection: Selection, caller: str | None) -> Selection:
    """With `owner:me` as who asks. RefusedError when that is not known and matters."""
    if not caller:
        if with_caller(selection.query, "-") != selection.query:
            raise RefusedError("owner:me needs to know who asks: send the header X-Operator, or a name.")
        return selection
    return selection.model_copy(update={"query": with_caller(selection.query, caller)})


def compile_selection(selection: Selection) -> tuple[sql.Composable, dict[str, Any]]:
    """The condition and its arguments, whose names begin with `chosen_`. RefusedError: it cannot be read."""
    try:
        terms, arguments = compile_terms(parse(selection.query))
    except QueryError as error:
        raise RefusedError(f"The query cannot be read at character {error.position + 1}: {error}") from error
    parts = [part for wanted, part in zip(_wanted(selection), _PARTS, strict=True) if wanted]
    conditions = [*map(sql.SQL, parts), *terms]
    if set(selection.states) <= set(OPEN_STATES):
        conditions.append(_OPEN)  # said in the words of the partial indexes, so that they are used
    return sql.SQL(" AND ").join(conditions), {**_arguments(selection), **arguments}


_OPEN = sql.SQL("m.state NOT IN ('resolved', 'discarded', 'purged')")


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
