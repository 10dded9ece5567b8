"""What a configuration costs in calls, and how long a backlog takes at the providers' limits."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import or_

from backend.contracts.replay import ProviderCalls
from backend.services.metadata_enrichment.replay.columns import Column
from backend.services.metadata_enrichment.replay.evidence_set import EvidenceSet
from backend.services.metadata_enrichment.replay.providers import ProviderBits

_SECONDS_AN_HOUR = 3600.0


def calls_per_track(held: EvidenceSet, bits: ProviderBits, columns: Iterable[Column]) -> dict[str, float]:
    """Calls a track by provider, when every field is walked as in `columns`.

    A source is asked once for all fields. Its calls are those that were made when the evidence came in, but a
    look-up counts only when a field needs it. One of which nothing is stored counts as the others of it do on
    average, or as one call; what would be asked after it is not known and not counted. Those for which no
    call could be made, as without a release for the Cover Art Archive, say nothing about the others.
    """
    asked, looked_up = _joined(columns, len(held.tracks))
    calls: defaultdict[str, float] = defaultdict(float)
    known, unknown = Counter[str](), Counter[str]()
    alike = Counter(zip(asked, looked_up, held.searches, strict=True))
    for (providers, records, searches), tracks in alike.items():
        made = dict(searches)
        for provider in bits.names(providers):
            if provider in made:
                record = bool(records & bits.bit(provider))
                known[provider] += tracks if made[provider] else 0
                calls[provider] += (made[provider] + record) * tracks
            else:
                unknown[provider] += tracks
    for provider, tracks in unknown.items():
        calls[provider] += tracks * calls[provider] / known[provider] if known[provider] else tracks
    return {provider: total / len(held.tracks) for provider, total in calls.items()}


def provider_calls(
    before: Mapping[str, float], after: Mapping[str, float], limits: Mapping[str, float], backlog: int
) -> list[ProviderCalls]:
    """Each provider under both configurations, the one that is waited for longest first."""
    rows = [
        ProviderCalls(
            provider=provider,
            before=before.get(provider, 0.0),
            after=after.get(provider, 0.0),
            limit_per_second=limits.get(provider),
            hours_before=_hours(before.get(provider, 0.0), limits.get(provider), backlog),
            hours_after=_hours(after.get(provider, 0.0), limits.get(provider), backlog),
        )
        for provider in before.keys() | after.keys()
    ]
    return sorted(rows, key=lambda row: (-(row.hours_after or 0.0), -row.after, row.provider))


def bottleneck(hours: Mapping[str, float | None]) -> str | None:
    """The provider that the backlog waits for; none when no limit is known or nobody is asked."""
    known = {provider: taken for provider, taken in hours.items() if taken}
    return max(sorted(known), key=lambda provider: known[provider], default=None)


def _joined(columns: Iterable[Column], tracks: int) -> tuple[Sequence[int], Sequence[int]]:
    asked, looked_up = [0] * tracks, [0] * tracks
    for column in columns:
        asked = list(map(or_, asked, column.asked))
        if any(column.looked_up):
            looked_up = list(map(or_, looked_up, column.looked_up))
    return asked, looked_up


def _hours(calls: float, limit: float | None, backlog: int) -> float | None:
    return None if limit is None else calls * backlog / limit / _SECONDS_AN_HOUR
