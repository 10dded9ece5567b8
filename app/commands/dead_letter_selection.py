"""Which dead letters a command is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from backend.contracts.dead_letter_views import Selection
from backend.contracts.dead_letters import DeadLetterState


@Parameter(name="*")
@dataclass(frozen=True)
class Picked:
    """Letters by query, cause or id; all parts must hold."""

    query: Annotated[str, Parameter(help="Such as: artist:deadmau5 provider:spotify attempts:>2")] = ""
    cause: Annotated[str | None, Parameter(help="Fingerprint of a cause.")] = None
    id: Annotated[tuple[str, ...], Parameter(help="Ids of letters.", negative="")] = ()

    @property
    def is_everything(self) -> bool:
        """Nothing was said."""
        return not self.query.strip() and self.cause is None and not self.id

    def selection(self, states: Sequence[DeadLetterState]) -> Selection:
        """As the service takes it."""
        return Selection(
            states=list(states),
            query=self.query,
            fingerprint=self.cause,
            message_ids=list(self.id) or None,
        )
