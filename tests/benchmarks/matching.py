"""What judging a candidate costs, beside rapidfuzz's WRatio on the same pair of names; limit 50 µs."""

import gc
import statistics
import sys
from collections.abc import Callable
from time import process_time

from rapidfuzz.fuzz import WRatio
from rapidfuzz.utils import default_process

from backend.contracts.gateway import TrackCandidate
from backend.sandbox.catalogue import load_catalogue, with_traps
from backend.services.metadata_enrichment.matching import artists, evidence, normalisation, titles, versions
from backend.services.metadata_enrichment.matching.judging import Wanted, judge

LIMIT_US = 50.0
ROUNDS = 7
CANDIDATES = 10
"""For each wanted track, as many as a search asks for."""


def pairs() -> list[tuple[Wanted, TrackCandidate]]:
    """Every track of the practice catalogue, beside its neighbours: its own versions among them."""
    recordings = with_traps(load_catalogue())
    offered = [
        TrackCandidate(
            provider="spotify",
            provider_id=one.mbid,
            title=one.title,
            version=one.version,
            artists=list(one.artists),
            album=one.album,
            duration_ms=one.duration_ms,
            isrc=one.isrc,
            release_date=one.release_date,
        )
        for one in recordings
    ]
    wanted = [Wanted(one.artist, f"{one.title} ({one.version or 'Original Mix'})") for one in recordings]
    size = len(recordings)
    return [(wanted[i], offered[(i + step) % size]) for i in range(size) for step in range(CANDIDATES)]


def forget() -> None:
    """Empty every cache of the matcher, so that each name is read anew."""
    for module in (artists, evidence, normalisation, titles, versions):
        for function in vars(module).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()


def microseconds(work: Callable[[], None], count: int) -> float:
    """Processor time of one of `count`."""
    gc.collect()
    started = process_time()
    work()
    return (process_time() - started) / count * 1e6


def main() -> None:
    """Print the medians; matcher and rival take turns."""
    asked = pairs()
    rounds: dict[str, list[float]] = {"judged": [], "WRatio": []}

    def judged() -> None:
        for wanted, candidate in asked:
            judge(wanted, candidate)

    def rival() -> None:
        for wanted, candidate in asked:
            offered = f"{candidate.artists[0]} {candidate.title} {candidate.version or ''}"
            WRatio(f"{wanted.artist} {wanted.title}", offered, processor=default_process)

    for _ in range(ROUNDS):
        forget()
        rounds["judged"].append(microseconds(judged, len(asked)))
        rounds["WRatio"].append(microseconds(rival, len(asked)))
    ours, its = (statistics.median(rounds[name]) for name in ("judged", "WRatio"))
    spread = f"[{min(rounds['judged']):.1f} to {max(rounds['judged']):.1f}]"
    sys.stdout.write(
        f"a candidate judged, caches empty at the start of each round: {ours:.1f} µs {spread}; "
        f"limit {LIMIT_US:.0f} µs, ratio {ours / LIMIT_US:.2f}; WRatio {its:.1f} µs, ratio {ours / its:.1f}; "
        f"n = {len(asked)}\n"
    )


if __name__ == "__main__":
    main()
