"""Bodies of cached searches, put together from bytes: what `SearchResponse` gives, without making one."""

from dataclasses import dataclass

import orjson

from backend.contracts.gateway import Outcome, SearchRequest, SearchResponse
from backend.services.api_gateway.cache.answers import Entry, search_words


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as its body asks for it, ready for the answer."""

    query: SearchRequest
    words: tuple[str, ...]
    """The query's part of the key, see `search_words`."""
    echo: bytes
    """The query as the answer repeats it."""


def read_search(body: bytes) -> Asked:
    """Read a search's body. ValidationError: it is none."""
    query = SearchRequest.model_validate_json(body)
    return Asked(query, search_words(query), query.model_dump_json().encode())


_Frame = tuple[bytes, bytes, bytes, bytes]
"""What stands before the query, before the results, before the response's identifier, and at the end."""


class CachedBodies:
    """Bodies of one provider's fresh answers."""

    def __init__(self, provider: str) -> None:
        self._found = _frame(provider, "success", Outcome.OK)
        self._absent = _frame(provider, "partial", Outcome.NOT_FOUND)

    def body(self, asked: Asked, entry: Entry) -> bytes:
        """The body for a search: the query in the asker's spelling, the rest as the entry has it."""
        before, between, after, end = self._found if entry.found else self._absent
        identifier = orjson.dumps(entry.response_id)
        return b"".join((before, asked.echo, between, entry.results, after, identifier, end))


def _frame(provider: str, status: str, outcome: Outcome) -> _Frame:
    """Cut out of a real response, so that it stays one when `SearchResponse` grows."""
    response = SearchResponse(
        status=status, provider=provider, query={}, outcome=outcome, results=[], cached=True
    )
    before, rest = response.model_dump_json().encode().split(b'"query":{}', 1)
    between, rest = rest.split(b'"results":[]', 1)
    after, end = rest.split(b'"response_id":null', 1)
    return before + b'"query":', between + b'"results":', after + b'"response_id":', end
