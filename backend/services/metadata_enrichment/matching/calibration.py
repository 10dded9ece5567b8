"""What a score has meant: the probability of a match, by provider and by what led to the candidate.

The values are in `calibration.json`, with how they were made. A provider for which too few cases are known
keeps close to what holds for all of them.
"""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

QueryType = Literal["isrc", "text"]
FILE = Path(__file__).with_name("calibration.json")
_ALL = "*"


class Curve(BaseModel):
    """Platt's: probability = 1 / (1 + exp(-(slope * score + offset)))."""

    slope: float
    offset: float
    cases: int
    """Judged candidates that it was fitted on."""

    def probability(self, score: float) -> float:
        """0 to 1, rising with the score."""
        return 1 / (1 + math.exp(-(self.slope * score + self.offset)))


class Calibration(BaseModel):
    """The curves by provider and query type; `*` is for providers without one of their own."""

    made: str
    """How, and from what."""
    floor: float
    """How often the wanted recording is a candidate that nothing speaks for: titles in other words."""
    curves: Mapping[str, Mapping[QueryType, Curve]]

    def probability(self, score: float, provider: str, query: QueryType) -> float:
        """That a candidate with this score is the wanted recording."""
        curve = self.curves.get(provider, {}).get(query) or self.curves[_ALL][query]
        return self.floor + (1 - self.floor) * curve.probability(score)


@cache
def calibration() -> Calibration:
    """The values that belong to this release."""
    return Calibration.model_validate_json(FILE.read_bytes())
