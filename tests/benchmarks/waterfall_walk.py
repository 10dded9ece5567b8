"""What walking a track costs: 12 fields over 4 sources; limit 100 µs with the policy `first`."""

import gc
import statistics
import sys
from collections.abc import Callable
from itertools import cycle, islice
from time import process_time

from backend.contracts.gateway import Outcome
from backend.contracts.waterfall import OnDisagreement, WaterfallField, WaterfallStep
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from backend.services.metadata_enrichment.waterfall.walk import walk

LIMIT_US = 100.0
ROUNDS = 7
TRACKS = 2_000
SOURCES = ("musicbrainz", "spotify", "deezer", "discogs")
VALUES = {
    "artist_name": "deadmau5",
    "track_title": "Strobe",
    "album": "For Lack of a Better Name",
    "label": "mau5trap",
    "isrc": "GBTDG0900141",
    "release_date": "2009-09-22",
    "duration_ms": 637_000,
    "bpm": 128.0,
    "musical_key": "B minor",
    "genres": ["Progressive House"],
    "artwork_url": "https://example.org/strobe.jpg",
    "explicit": False,
}


def evidence_of(track: int) -> dict[str, SourceEvidence]:
    """Of a track: the first source lacks every other value, and one source in five gave no answer."""
    found = {}
    for place, provider in enumerate(SOURCES):
        if (track + place) % 5 == 0:
            found[provider] = SourceEvidence(provider, Outcome.THROTTLED, "no_answer")
            continue
        had = dict(islice(VALUES.items(), 0, None, 2 if place == 0 else 1))
        values = {**had, "track_title": f"Strobe {track}"}
        found[provider] = SourceEvidence(provider, Outcome.OK, "matched", 0.98, values=values)
    return found


def fields_with(policy: OnDisagreement) -> list[WaterfallField]:
    """The 12 fields, all four sources in each."""
    steps = [WaterfallStep(provider=name, enabled=True, min_confidence=0.6) for name in SOURCES]
    return [
        WaterfallField(field=name, required_for_gold=False, sources=steps, on_disagreement=policy)
        for name in VALUES
    ]


def microseconds(work: Callable[[], None]) -> float:
    """Processor time of one track."""
    gc.collect()
    started = process_time()
    work()
    return (process_time() - started) / TRACKS * 1e6


def main() -> None:
    """Print the median for each policy."""
    tracks = [evidence_of(number) for number in range(TRACKS)]
    policies = {policy: fields_with(policy) for policy in OnDisagreement}
    rounds: dict[OnDisagreement, list[float]] = {policy: [] for policy in policies}
    for policy in islice(cycle(policies), ROUNDS * len(policies)):
        fields = policies[policy]

        def walked(fields: list[WaterfallField] = fields) -> None:
            for evidence in tracks:
                for field in fields:
                    walk(field, evidence)

        rounds[policy].append(microseconds(walked))
    for policy, taken in rounds.items():
        median = statistics.median(taken)
        limit = f"; limit {LIMIT_US:.0f} µs, ratio {median / LIMIT_US:.2f}"
        told = limit if policy is OnDisagreement.FIRST else " (hears all four sources of each field)"
        sys.stdout.write(f"{policy}: {median:.1f} µs a track [{min(taken):.1f} to {max(taken):.1f}]{told}\n")


if __name__ == "__main__":
    main()
