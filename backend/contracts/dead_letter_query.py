"""The language of the query box: `artist:deadmau5 attempts:>2 -provider:spotify "no match"`.

Terms stand beside each other and all must hold. A term is `key:value`, or words that are looked for in
artist, title, error and id. `-` before a term means: not. Values with spaces stand in double quotes.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from backend.contracts.dead_letters import DeadLetterState

TEXT = "text"
"""Key of a term without one."""
KEYS = {
    "artist": "part of the artist's name",
    "title": "part of the track's title",
    "provider": "name of a provider, or none",
    "outcome": "what the provider did, such as throttled, or none",
    "error": "part of the error's class or message",
    "cause": "the first characters of a fingerprint",
    "state": "failed, quarantined, in_flight …",
    "attempts": "a number, such as >2",
    "age": "since the last failure, such as <2h or >7d",
    "owner": "who looks after it, me, or none",
    "label": "one of its labels",
    "id": "the first characters of its id",
    "is": "stale: in flight for longer than an outcome takes",
}
"""What can stand before the colon, and what after it."""
_TOKEN = re.compile(r'\s*(-?)(?:([A-Za-z_]+):)?("(?:[^"\\]|\\.)*"|[^\s"]*)')
_NUMBER = re.compile(r"(>=|<=|>|<|=)?(\d{1,9})")
_AGE = re.compile(r"(>|<)(\d{1,6})(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_AGE = timedelta(days=36_500)


class QueryError(ValueError):
    """The query cannot be read. `position` is where, counted in characters from 0."""

    def __init__(self, position: int, problem: str) -> None:
        super().__init__(problem)
        self.position = position


@dataclass(frozen=True)
class Term:
    """One condition. `operator` is one of `:` `=` `<` `<=` `>` `>=`; ages are in seconds."""

    key: str
    value: str
    operator: str = ":"
    negated: bool = False


def parse(query: str) -> tuple[Term, ...]:
    """The terms of a query, none for an empty one. QueryError."""
    terms: list[Term] = []
    position = 0
    end = len(query.rstrip())
    while position < end:
        match = _TOKEN.match(query, position)
        start = position + len(query[position:]) - len(query[position:].lstrip())
        if match is None or match.end() == position or match.group(3) in {"", None}:
            raise QueryError(start, _incomplete(query[start:end]))
        terms.append(_term(start, match))
        position = match.end()
    return tuple(terms)


def with_caller(query: str, caller: str) -> str:
    """The query with `owner:me` as the owner that it means. One that cannot be read stays as it is."""

    def named(match: re.Match[str]) -> str:
        minus, key, value = match.groups()
        if key is None or key.lower() != "owner" or value is None or _unquoted(value) != "me":
            return match.group()
        escaped = caller.replace("\\", "\\\\").replace('"', '\\"')
        return f' {minus}owner:"{escaped}"'

    return _TOKEN.sub(named, query).strip() if "me" in query else query


def complete(query: str) -> list[str]:
    """Whole queries that the last word could become, for a completer; empty when there is nothing to add."""
    head, _, last = query.rpartition(" ")
    sign = "-" if last.startswith("-") else ""
    begun = last.removeprefix("-")
    before = f"{head} " if head else ""
    if ":" not in begun:
        return [f"{before}{sign}{key}:" for key in KEYS if key.startswith(begun.lower())]
    key, _, value = begun.partition(":")
    known = {"state": [state.value for state in DeadLetterState], "is": ["stale"]}.get(key, [])
    return [f"{before}{sign}{key}:{word}" for word in known if word.startswith(value) and word != value]


def _term(start: int, match: re.Match[str]) -> Term:
    minus, key, value = match.groups()
    text = _unquoted(value)
    if key is None:
        return Term(TEXT, text, negated=bool(minus))
    key = key.lower()
    if key not in KEYS and value.startswith("//"):
        return Term(TEXT, match.group().strip().removeprefix("-"), negated=bool(minus))  # an address
    if key not in KEYS:
        raise QueryError(start, f"“{key}:” is not known. Possible: {', '.join(KEYS)}.")
    operator, plain = _checked(start, key, text)
    return Term(key, plain, operator, negated=bool(minus))


def _checked(start: int, key: str, text: str) -> tuple[str, str]:
    if key == "attempts":
        number = _NUMBER.fullmatch(text)
        if number is None:
            raise QueryError(start, "attempts: needs a number, such as attempts:>2.")
        return number.group(1) or "=", number.group(2)
    if key == "age":
        return _age(start, text)
    if key == "state" and text not in {state.value for state in DeadLetterState}:
        raise QueryError(start, f"“{text}” is no state. Possible: {', '.join(DeadLetterState)}.")
    if key == "is" and text != "stale":
        raise QueryError(start, f"is:{text} is not known. Possible: is:stale.")
    return ":", text


def _age(start: int, text: str) -> tuple[str, str]:
    age = _AGE.fullmatch(text)
    if age is None:
        raise QueryError(start, "age: needs < or > and a time, such as age:<2h or age:>7d.")
    seconds = int(age.group(2)) * _SECONDS[age.group(3)]
    return age.group(1), str(min(seconds, int(_LONGEST_AGE.total_seconds())))


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _incomplete(rest: str) -> str:
    if '"' in rest:
        return "A quotation mark is not closed."
    return f"“{rest.split(maxsplit=1)[0][:40]}” is not complete: what is to be looked for?"
