"""What an operator asks of the service's waterfall endpoints."""

from collections.abc import Sequence
from typing import Any, Self

from backend.contracts.waterfall import WaterfallChange, WaterfallConfiguration, WaterfallField
from backend.http import httpx
from tests.backend.services.metadata_enrichment.serving import TOKEN

VERSIONS = "/admin/waterfall/versions"


class Operator:
    """Asks one worker of the service. Use in a `with` block."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def ask(self, method: str, path: str, *, token: str | None = TOKEN, **more: Any) -> httpx.Response:
        """Any request; `headers` go beside the token."""
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}
        return self._client.request(method, path, headers=headers, **more)

    def in_force(self) -> WaterfallConfiguration:
        """The version in force by the database."""
        return WaterfallConfiguration.model_validate(self.ask("GET", "/admin/waterfall").json())

    def walked(self) -> int:
        """The version that this worker's enrichments use."""
        return int(self.ask("GET", "/admin/config").json()["version"])

    def apply(self, change: WaterfallChange) -> httpx.Response:
        """Try to put a change in force."""
        return self.ask("POST", VERSIONS, json=change.model_dump(mode="json"))

    def change(
        self, fields: Sequence[WaterfallField], *, base: int | None = None, comment: str = "a test"
    ) -> WaterfallChange:
        """A change made from the version in force."""
        base_version = self.in_force().version if base is None else base
        return WaterfallChange(
            base_version=base_version, author="ada@desk", comment=comment, fields=list(fields)
        )


def with_label_threshold(fields: Sequence[WaterfallField], least: float) -> list[WaterfallField]:
    """The fields with another threshold for the label's first source: the smallest change there is."""
    changed = [field.model_copy(deep=True) for field in fields]
    next(field for field in changed if field.field == "label").sources[0].min_confidence = least
    return changed
