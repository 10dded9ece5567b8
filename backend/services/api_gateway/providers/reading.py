"""Reading values out of providers' JSON: strict about shape, forgiving about what is missing."""

import re
from collections.abc import Mapping
from typing import Any

from backend.services.api_gateway.outcomes import ContractError

_VERSION_WORD = re.compile(
    r"\b(re)?mix\b|\b(edit|version|dub|vip|bootleg|rework|refix|live|acoustic|instrumental|karaoke|cover|tribute"
    r"|remaster(ed)?|demo|a ?cappella|session|sped|slowed|extended|radio)\b",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[(\[]([^()\[\]]+)[)\]]")
_MBID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """`value` as an object; ContractError naming `what` otherwise."""
    if not isinstance(value, dict):
        raise ContractError(f"{what} is not an object")
    return value


def items(value: Any, what: str) -> list[Any]:
    """`value` as a list; ContractError naming `what` otherwise."""
    if not isinstance(value, list):
        raise ContractError(f"{what} is not a list")
    return value


def required_text(source: Mapping[str, Any], key: str, what: str) -> str:
    """A text or number that has to be there, as text."""
    value = source.get(key)
    if type(value) is str and value:
        return value
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ContractError(f"{what} has no usable '{key}'")
    return str(value)


def text(source: Mapping[str, Any], key: str) -> str | None:
    """A text that may be missing or empty."""
    value = source.get(key)
    return value if isinstance(value, str) and value.strip() else None


def number(source: Mapping[str, Any], key: str) -> float | None:
    """A number that may be missing."""
    value = source.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(source: Mapping[str, Any], key: str) -> int | None:
    """A whole number above zero that may be missing; zero is how providers say unknown."""
    value = number(source, key)
    return int(value) if value is not None and value > 0 else None


def date(value: Any) -> str | None:
    """An ISO date with the precision known: `2009-00-00` and `2009` are both 2009."""
    if not value:
        return None
    match = _DATE.fullmatch(str(value).strip())
    if match is None or match[1] == "0000":
        return None
    year, month, day = match.groups()
    if month in {None, "00"}:
        return str(year)
    return f"{year}-{month}" if day in {None, "00"} else f"{year}-{month}-{day}"


def isrc(value: Any) -> str | None:
    """An ISRC in its plain form: upper case, no hyphens."""
    if not isinstance(value, str):
        return None
    plain = value.replace("-", "").strip().upper()
    return plain if _ISRC.fullmatch(plain) else None


def is_mbid(value: str) -> bool:
    """Whether `value` has the form of a MusicBrainz identifier."""
    return _MBID.fullmatch(value) is not None


def version_in(title: str) -> str | None:
    """The version a title names, as in `Strobe - Radio Edit` and `Strobe (Michael Woods Remix)`."""
    parts = [*_BRACKETS.findall(title), *title.split(" - ")[1:]]
    for part in reversed(parts):
        if _VERSION_WORD.search(part):
            return str(part).strip()
    return None


def clock_duration_ms(value: Any) -> int | None:
    """Milliseconds from `5:48` or `1:02:03`, the way Discogs writes durations; none when empty."""
    parts = str(value or "").strip().split(":")
    if len(parts) not in {2, 3} or not all(part.isdecimal() for part in parts):
        return None
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return seconds * 1000 or None
