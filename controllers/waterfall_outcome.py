"""What a draft would change, as lines: figures, winners, calls, and what cannot be judged."""

from dataclasses import dataclass

from backend.contracts.replay import FieldComparison, ProviderCalls, ReplayComparison
from controllers.waterfall_words import NONE, confidence_words, delta_words, hours_delta_words, hours_words
from controllers.wording import count, local_stamp, plural, share


@dataclass(frozen=True)
class OutcomeLine:
    """One figure before and after."""

    name: str
    before: str
    after: str
    delta: str
    tone: str = ""
    """`ok` for the better, `bad` or `warn` for the worse."""
    note: str = ""


def of_field(comparison: ReplayComparison, field: str) -> FieldComparison | None:
    """The comparison of one field; none when it was not compared."""
    return next((each for each in comparison.fields if each.field == field), None)


def figures(comparison: ReplayComparison, field: str) -> list[OutcomeLine]:
    """Filled and confidence of one field, calls and time of all."""
    lines: list[OutcomeLine] = []
    found = of_field(comparison, field)
    if found is not None:
        lines += [_filled(found, comparison.tracks), _confidence(found)]
    return [*lines, _calls(comparison), _backlog(comparison)]


def winners(comparison: ReplayComparison, field: str) -> list[OutcomeLine]:
    """The share of all tracks whose value comes from each source, the greatest after the draft first."""
    found = of_field(comparison, field)
    if found is None or not comparison.tracks:
        return []
    before, after, tracks = found.before.winners, found.after.winners, comparison.tracks
    names = sorted({*before, *after}, key=lambda name: (-after.get(name, 0), -before.get(name, 0), name))
    lines = [_share(name, before.get(name, 0), after.get(name, 0), tracks) for name in names]
    missing = _share("no value", tracks - found.before.filled, tracks - found.after.filled, tracks)
    return [*lines, missing]


def calls(comparison: ReplayComparison) -> list[OutcomeLine]:
    """Calls a track at each provider, and how long the backlog takes there."""
    return [
        OutcomeLine(
            each.provider,
            f"{each.before:.2f}",
            f"{each.after:.2f}",
            hours_words(each.hours_after),
            _tone(each.before - each.after, 2),
            _limit(each, slowest=each.provider == comparison.bottleneck_after),
        )
        for each in comparison.providers
    ]


def unjudged_words(comparison: ReplayComparison, field: str) -> str:
    """What cannot be said, and what follows for the figures; empty when everything can."""
    found = of_field(comparison, field)
    if found is not None and found.unjudged and comparison.tracks:
        low, high = found.after.filled, found.after.filled + found.unjudged
        return (
            f"{plural(found.unjudged, 'track')} ({share(found.unjudged, comparison.tracks)}) cannot be "
            "judged: the draft asks a source of which no answer is stored. Filled is between "
            f"{share(low, comparison.tracks)} and {share(high, comparison.tracks)}."
        )
    if comparison.unjudged and comparison.judged_share is not None:
        return (
            f"Of all fields together {100 * (1 - comparison.judged_share):.1f} % of the values cannot be "
            "judged: no answer is stored of a source that the draft asks."
        )
    return ""


def evidence_words(comparison: ReplayComparison) -> str:
    """What it was judged by."""
    until = f", the newest of {local_stamp(comparison.evidence_until)}" if comparison.evidence_until else ""
    return f"Nothing is called: the draft is run over {count(comparison.responses)} stored answers{until}."


def advice_of(comparison: ReplayComparison, field: str) -> dict[str, str]:
    """Steps of a field that cost calls and win nothing, with what to do."""
    return {each.provider: each.advice for each in comparison.dominated if each.field == field}


def took_words(comparison: ReplayComparison) -> str:
    """`140 ms` or `1.4 s`."""
    spent = comparison.milliseconds
    return f"{spent:.0f} ms" if spent < 1000 else f"{spent / 1000:.1f} s"


def _filled(found: FieldComparison, tracks: int) -> OutcomeLine:
    before, after = found.before.filled, found.after.filled
    gained = 100 * (after - before) / tracks if tracks else 0.0
    return OutcomeLine(
        "Filled", share(before, tracks), share(after, tracks), delta_words(gained), _tone(gained, 1, "bad")
    )


def _confidence(found: FieldComparison) -> OutcomeLine:
    before, after = found.before.mean_confidence, found.after.mean_confidence
    known = before is not None and after is not None
    gained = after - before if before is not None and after is not None else 0.0
    return OutcomeLine(
        "Mean confidence",
        confidence_words(before),
        confidence_words(after),
        delta_words(gained, 2) if known else NONE,
        _tone(gained, 2, "bad"),
    )


def _calls(comparison: ReplayComparison) -> OutcomeLine:
    before, after = comparison.calls_per_track_before, comparison.calls_per_track_after
    saved = before - after
    return OutcomeLine(
        "Calls per track", f"{before:.2f}", f"{after:.2f}", delta_words(-saved, 2), _tone(saved, 2)
    )


def _backlog(comparison: ReplayComparison) -> OutcomeLine:
    before = _longest([each.hours_before for each in comparison.providers])
    after = _longest([each.hours_after for each in comparison.providers])
    saved = before - after if before is not None and after is not None else 0.0
    return OutcomeLine(
        f"{count(comparison.backlog_tracks)} tracks, at rate limits",
        hours_words(before),
        hours_words(after),
        hours_delta_words(before, after),
        _tone(saved, 3),
    )


def _limit(calls: ProviderCalls, *, slowest: bool) -> str:
    words = "no limit known" if calls.limit_per_second is None else f"{calls.limit_per_second:g}/s"
    return f"{words}, the backlog waits for it" if slowest else words


def _share(name: str, before: int, after: int, tracks: int) -> OutcomeLine:
    gained = 100 * (after - before) / tracks
    worse = name == "no value"
    tone = _tone(-gained if worse else 0.0, 1, "bad")
    return OutcomeLine(name, share(before, tracks), share(after, tracks), delta_words(gained), tone)


def _tone(gained: float, digits: int, worse: str = "warn") -> str:
    rounded = round(gained, digits)
    return "ok" if rounded > 0 else worse if rounded < 0 else "muted"


def _longest(hours: list[float | None]) -> float | None:
    known = [each for each in hours if each is not None]
    return max(known) if known else None


def effect_words(comparison: ReplayComparison) -> str:
    """What the draft does to all fields together, in a sentence."""
    if not comparison.responses:
        return ""
    unjudged = f"; {count(comparison.unjudged)} cannot be judged" if comparison.unjudged else ""
    differing = plural(comparison.differing, "value")
    return f"On {count(comparison.tracks)} stored tracks {differing} would differ{unjudged}."
