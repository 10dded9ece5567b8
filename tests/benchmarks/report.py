"""How a benchmark prints: figure, limit, ratio."""

import statistics
import sys
from collections.abc import Sequence


def show(name: str, seconds: Sequence[float], limit: float) -> None:
    """Print the median of `seconds` beside the limit; below 1.00 is within it."""
    median = statistics.median(seconds)
    spread = f"[{min(seconds):.2f} to {max(seconds):.2f}]"
    ratio = f"limit {limit:.0f} s, ratio {median / limit:.2f}"
    sys.stdout.write(f"{name}: {median:.2f} s {spread}, {ratio}, n = {len(seconds)}\n")
