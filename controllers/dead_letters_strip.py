"""Words of the time strip: labels of its axis, and of a time that was chosen on it."""

from datetime import datetime, timedelta

from backend.contracts.dead_letter_views import TimeStrip
from controllers.wording import count, local_time

_PARTS = 4
_LONG_SECONDS = 1800
"""From slices of this length on the strip covers days, and its inner labels are dates."""


def strip_span(strip: TimeStrip) -> tuple[datetime, datetime]:
    """Begin and end of a strip with slices."""
    return strip.slices[0].start, strip.slices[-1].start + timedelta(seconds=strip.slice_seconds)


def axis_labels(strip: TimeStrip) -> list[tuple[float, str]]:
    """Places (0 to 1) with their words; no two words are the same."""
    begin, end = strip_span(strip)
    labels = []
    for part in range(_PARTS + 1):
        moment = begin + (end - begin) * part / _PARTS
        labels.append((part / _PARTS, local_time(moment, _pattern(strip, begin, end, part))))
    return labels


def chosen_words(strip: TimeStrip, chosen: tuple[int, int] | None) -> str:
    """`14:29–14:40 · 201 of 214`, with dates where the two ends are not of one day."""
    total = sum(one.count for one in strip.slices)
    if chosen is None:
        return f"{count(total)} in this time"
    first, last = chosen
    begin = strip.slices[first].start
    end = strip.slices[last].start + timedelta(seconds=strip.slice_seconds)
    inside = sum(one.count for one in strip.slices[first : last + 1])
    return f"{span_words(begin, end)} · {count(inside)} of {count(total)}"


def span_words(begin: datetime, end: datetime) -> str:
    """`14:29–14:40`, or `25 Nov 23:10 – 26 Nov 01:20`."""
    if _one_day(begin, end):
        return f"{local_time(begin, '%H:%M')}–{local_time(end, '%H:%M')}"
    return f"{local_time(begin, '%d %b %H:%M')} – {local_time(end, '%d %b %H:%M')}"


def _pattern(strip: TimeStrip, begin: datetime, end: datetime, part: int) -> str:
    if _one_day(begin, end):
        return "%H:%M"
    if part in {0, _PARTS}:
        return "%d %b %H:%M"
    return "%d %b" if strip.slice_seconds >= _LONG_SECONDS else "%H:%M"


def _one_day(begin: datetime, end: datetime) -> bool:
    return begin.astimezone().date() == end.astimezone().date()
