"""What was invalidated: a token for each provider and operation, changed by each invalidation.

An entry carries the generation in which it was asked for. One of another generation is not believed, so that
forgetting everything takes one write, and an answer already on its way cannot slip in behind it.
"""

from collections.abc import Iterator, Mapping
from secrets import token_hex

from backend.services.api_gateway.cache.answers import Key

Scope = tuple[str, str | None]
"""A provider, and one of its operations or none for all."""


class Generations:
    """The tokens this process knows."""

    def __init__(self) -> None:
        self._tokens: dict[Scope, str] = {}

    def of(self, key: Key) -> str:
        """The generation of a key now."""
        if not self._tokens:
            return ""
        tokens = (self._tokens.get((key[0], None), ""), self._tokens.get((key[0], key[1]), ""))
        return ".".join(tokens) if any(tokens) else ""

    def renew(self, scope: Scope) -> str:
        """A new token for `scope`."""
        self._tokens[scope] = token_hex(8)
        return self._tokens[scope]

    def adopt(self, tokens: Mapping[Scope, str]) -> Iterator[Scope]:
        """Take over the tokens of all replicas; the scopes that changed by it."""
        for scope in tokens.keys() | self._tokens.keys():
            token = tokens.get(scope, "")
            if self._tokens.get(scope, "") != token:
                self._tokens[scope] = token
                yield scope
