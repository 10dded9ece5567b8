"""What one step of one field's waterfall came to."""

from typing import Any, NamedTuple

USED = "used"
AGREED = "agreed"
"""Sure enough, with the same value as the source that was taken."""
OUTVOTED = "outvoted"
"""Sure enough, with another value than the one that was taken."""
DEFERRED = "deferred"
"""Sure enough, but the field waits for another source."""
BELOW_THRESHOLD = "below_threshold"
INVALID_VALUE = "invalid_value"
NO_VALUE = "no_value"
WAITED_FOR = "waited_for"
"""Could not be asked now; the field stays as it was until it can."""


class StepResult(NamedTuple):
    """A row of `enrichment_transformations`.

    Besides the outcomes above: a verdict without match (`no_match`, `unsure`), or the gateway's outcome of a
    call that brought nothing (`not_found`, `throttled`, …).
    """

    field: str
    position: int
    """Place of the source in the field's waterfall, from 1; disabled sources count."""
    provider: str
    outcome: str
    value: Any | None = None
    confidence: float | None = None
    detail: str = ""

    @property
    def is_sure_enough(self) -> bool:
        """Whether the value reached the step's threshold, taken or not."""
        return self.outcome in _SURE_ENOUGH


_SURE_ENOUGH = frozenset({USED, AGREED, OUTVOTED, DEFERRED})
