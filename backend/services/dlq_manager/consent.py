"""When an operation is so large that its count has to be typed before it starts."""

LARGE_OPERATION = 10_000
LARGE_SHARE = 0.5
"""Of a provider's hourly limit."""


def needs_typed_count(letters: int, budget_share: float | None) -> bool:
    """Whether the operator has to type the count: many letters, or much of a provider's limit."""
    return letters > LARGE_OPERATION or (budget_share or 0.0) > LARGE_SHARE
