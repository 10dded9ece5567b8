"""Times, sizes and counts in the words the console uses everywhere."""

from datetime import datetime

_THIN = "\N{NARROW NO-BREAK SPACE}"


def count(number: int) -> str:
    """`18204` as `18 204`."""
    return f"{number:,}".replace(",", _THIN)


def plural(number: int, singular: str, several: str = "") -> str:
    """`1 service`, `3 services`."""
    return f"{count(number)} {singular if number == 1 else several or singular + 's'}"


def clock(seconds: float) -> str:
    """Elapsed time as `0:38` or `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """A length of time as `38 s`, `8 min 39 s`, `2 h 5 min` or `3 d`."""
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
    return f"{int(seconds // 86400)} d"


def rough(seconds: float) -> str:
    """An expectation, no more exact than it deserves: `12 s`, `3 min`, `2 h`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"


def estimate(bounds: tuple[float, float]) -> str:
    """An estimate such as `2–3 min`, `5–10 s` or `30 s–2 min`."""
    low, high = (rough(bound) for bound in bounds)
    if low == high:
        return low
    if low.split()[1] == high.split()[1]:
        return f"{low.split()[0]}–{high}"
    return f"{low}–{high}"


def ago(moment: datetime, now: datetime) -> str:
    """`12 s ago`, `26 h ago` as the largest unit only."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 5:
        return "just now"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length or (unit == "min" and seconds >= length):
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"


def size(number_of_bytes: int) -> str:
    """`1.2 GB`, decimal units."""
    value = float(number_of_bytes)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def share(part: int, whole: int) -> str:
    """`94.7 %`; a dash when there is nothing to compare with."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def local_time(moment: datetime, pattern: str = "%H:%M:%S") -> str:
    """A moment in the operator's time zone."""
    return moment.astimezone().strftime(pattern)


def local_stamp(moment: datetime) -> str:
    """Date and time in the operator's time zone."""
    return local_time(moment, "%Y-%m-%d %H:%M")


def breakable(text: str) -> str:
    """`text` that may wrap inside file names and identifiers too."""
    for sign in "_/":
        text = text.replace(sign, f"{sign}\N{ZERO WIDTH SPACE}")
    return text


def took(seconds: float) -> str:
    """How long a finished step took, as `0:38`, or `<1 s` for what a clock would call 0:00."""
    return "<1 s" if seconds < 1 else clock(seconds)


def sentence(text: str) -> str:
    """`text` with a capital first letter, unless a name such as `dlq-manager` begins it, and a full stop."""
    text = text.strip()
    if not text:
        return ""
    head = text[0].upper() if text.split(maxsplit=1)[0].isalpha() else text[0]
    return head + text[1:] + ("" if text[-1] in ".!?…:" else ".")


def joined(*parts: str | None) -> str:
    """What there is of `parts` on one line, each once."""
    return " · ".join(dict.fromkeys(part for part in parts if part))
