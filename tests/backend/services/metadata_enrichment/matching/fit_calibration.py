"""Fits the calibration of matching on the golden cases and writes `matching/calibration.json`.

    .venv/bin/python -m tests.backend.services.metadata_enrichment.matching.fit_calibration

Platt's method: a logistic curve over the score, fitted to whether each candidate is the wanted recording.
First one curve for all providers, then one a provider and query type, held close to it: the fewer cases a
provider has, the closer. Targets are smoothed as Platt advises, so that cases that separate well do not make
it overconfident. Candidates that nearly everything speaks against are left out of the curves: the few wanted
ones among them (titles in other words) would flatten them where they decide. Their share is the floor.
"""

import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backend.services.metadata_enrichment.matching.calibration import FILE, Calibration, Curve, QueryType
from tests.backend.services.metadata_enrichment.matching.golden import Decision, decisions

WIDE = Curve(slope=1.0, offset=0.0, cases=0)
"""What is assumed before any case is seen: the weights are log-odds as they stand."""
PULL_OF_ALL = 2.0
PULL_OF_A_PROVIDER = 100.0
"""How many cases' worth of trust the curve that is started from has."""
STEPS = 50
FAR = -2.0
"""Scores below are not fitted."""


class Label(NamedTuple):
    """A candidate with its score, and whether it is the wanted recording."""

    case: int
    provider: str
    query: QueryType
    score: float
    is_wanted: bool


def labels(decided: Iterable[Decision]) -> list[Label]:
    """The candidates that are weighed, of all cases whose answer is known."""
    return [
        Label(one.case.case, judgement.candidate.provider, query, judgement.score, wanted)
        for one in decided
        for judgement, query, wanted in one.labelled()
    ]


def fit(known: Sequence[Label], made: str) -> Calibration:
    """Curves for everything that the labels hold."""
    near, far = [one for one in known if one.score >= FAR], [one for one in known if one.score < FAR]
    text = fit_curve([one for one in near if one.query == "text"], WIDE, PULL_OF_ALL)
    isrc = fit_curve([one for one in near if one.query == "isrc"], text, PULL_OF_A_PROVIDER)
    curves: dict[str, dict[QueryType, Curve]] = defaultdict(dict)
    curves["*"] = {"text": text, "isrc": isrc}
    for provider in sorted({one.provider for one in known}):
        for query, start in curves["*"].items():
            its = [one for one in near if (one.provider, one.query) == (provider, query)]
            if its:
                curves[provider][query] = fit_curve(its, start, PULL_OF_A_PROVIDER)
    floor = (sum(one.is_wanted for one in far) + 1) / (len(far) + 2)
    return Calibration(made=made, floor=round(floor, 4), curves=curves)


def fit_curve(known: Sequence[Label], start: Curve, pull: float) -> Curve:
    """Newton's method on the likelihood, with `start` as the centre of a normal prior."""
    slope, offset = start.slope, start.offset
    right = sum(one.is_wanted for one in known)
    targets = (1 / (len(known) - right + 2), (right + 1) / (right + 2))
    for _ in range(STEPS):
        g_slope, g_offset = pull * (slope - start.slope), pull / 4 * (offset - start.offset)
        h_slope, h_cross, h_offset = pull, 0.0, pull / 4
        for one in known:
            chance = 1 / (1 + math.exp(-(slope * one.score + offset)))
            error, spread = chance - targets[one.is_wanted], max(chance * (1 - chance), 1e-6)
            g_slope, g_offset = g_slope + error * one.score, g_offset + error
            h_slope, h_cross = h_slope + spread * one.score**2, h_cross + spread * one.score
            h_offset += spread
        size = h_slope * h_offset - h_cross**2
        slope -= (h_offset * g_slope - h_cross * g_offset) / size
        offset -= (h_slope * g_offset - h_cross * g_slope) / size
    return Curve(slope=round(slope, 4), offset=round(offset, 4), cases=len(known))


def error_of(chances: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error: how far the stated probability is from the share that was right."""
    groups: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for chance, right in chances:
        groups[min(int(chance * bins), bins - 1)].append((chance, right))
    apart = (abs(sum(chance - right for chance, right in group)) for group in groups.values())
    return sum(apart) / len(chances)


def held_out_error(known: Sequence[Label], folds: int = 5) -> float:
    """The calibration error on cases that the curves were not fitted on: by case, not by candidate."""
    chances = []
    for fold in range(folds):
        curves = fit([one for one in known if one.case % folds != fold], "a fold")
        held_out = (one for one in known if one.case % folds == fold)
        chances += [
            (curves.probability(one.score, one.provider, one.query), one.is_wanted) for one in held_out
        ]
    return error_of(chances)


def main() -> None:
    """Fit, write and say how good it is."""
    known = labels(decisions())
    error = held_out_error(known)
    cases = len({one.case for one in known})
    made = (
        f"Platt's method on {len(known)} weighed candidates of {cases} golden cases, by "
        f"tests/…/matching/fit_calibration.py; expected calibration error {error:.4f} in 5 folds by case."
    )
    FILE.write_text(fit(known, made).model_dump_json(indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{made}\n")


if __name__ == "__main__":
    main()
