"""Turns the terms of a query into conditions on `dead_letters.messages AS m`."""

from typing import Any, LiteralString

from psycopg import sql

from backend.contracts.dead_letter_query import TEXT, Term

WORDS: LiteralString = """(coalesce(m.artist, '') || ' ' || coalesce(m.title, '') || ' ' || m.error_message
    || ' ' || m.message_id)"""
"""Exactly the expression of the index messages_words; another one would not use it."""
_LIKE: dict[str, LiteralString] = {
    TEXT: WORDS + " ILIKE {}",
    "artist": WORDS + " ILIKE {} AND m.artist ILIKE {}",
    "title": WORDS + " ILIKE {} AND m.title ILIKE {}",
    "error": "("  # noqa: S608 - put together from constants
    + WORDS
    + """ ILIKE {} AND m.error_message ILIKE {} OR m.fingerprint IN (
        SELECT c.fingerprint FROM dead_letters.causes AS c WHERE c.error_type ILIKE {}
    ))""",
}
_PREFIX: dict[str, LiteralString] = {"cause": "m.fingerprint LIKE {}", "id": "m.message_id LIKE {}"}
_EQUAL: dict[str, LiteralString] = {
    "provider": "m.provider = {}",
    "state": "m.state = {}",
    "owner": "m.owner = {}",
    "outcome": "m.outcome_class = {}",
    "label": "{} = ANY(m.labels)",
}
_NONE: dict[str, LiteralString] = {
    "provider": "m.provider IS NULL",
    "owner": "m.owner IS NULL",
    "outcome": "m.outcome_class IS NULL",
}
_COMPARED: dict[str, LiteralString] = {
    "=": "m.retry_count + 1 = {}::int",
    "<": "m.retry_count + 1 < {}::int",
    "<=": "m.retry_count + 1 <= {}::int",
    ">": "m.retry_count + 1 > {}::int",
    ">=": "m.retry_count + 1 >= {}::int",
}
_AGED: dict[str, LiteralString] = {
    "<": "m.failed_at > now() - make_interval(secs => {}::double precision)",
    ">": "m.failed_at < now() - make_interval(secs => {}::double precision)",
}
STALE: LiteralString = "(m.state = 'in_flight' AND m.changed_at < now() - interval '30 minutes')"
"""In flight for so long that an outcome should have come."""


def compile_terms(terms: tuple[Term, ...]) -> tuple[list[sql.Composable], dict[str, Any]]:
    """A condition a term, and the arguments, whose names begin with `term_`."""
    conditions: list[sql.Composable] = []
    arguments: dict[str, Any] = {}
    for place, term in enumerate(terms):
        name = f"term_{place}"
        text, value = _condition(term)
        condition: sql.Composable = sql.SQL(text).format(*[sql.Placeholder(name)] * text.count("{}"))
        if term.negated:
            condition = sql.SQL("({}) IS NOT TRUE").format(condition)
        conditions.append(condition)
        if value is not None:
            arguments[name] = value
    return conditions, arguments


def _condition(term: Term) -> tuple[LiteralString, str | None]:
    if term.key == "is":
        return STALE, None
    if term.value == "none" and term.key in _NONE:
        return _NONE[term.key], None
    if term.key in _LIKE:
        return _LIKE[term.key], f"%{_escaped(term.value)}%"
    if term.key in _PREFIX:
        return _PREFIX[term.key], f"{_escaped(term.value)}%"
    compared = {"attempts": _COMPARED, "age": _AGED}.get(term.key)
    return (_EQUAL[term.key] if compared is None else compared[term.operator]), term.value


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
