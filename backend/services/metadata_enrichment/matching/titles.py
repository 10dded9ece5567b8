"""Takes a title apart: the name of the work, which version of it this is, and who is featured."""

import re
from dataclasses import dataclass
from functools import lru_cache

from backend.services.metadata_enrichment.matching.normalisation import latin
from backend.services.metadata_enrichment.matching.versions import (
    Version,
    combined,
    tells_version,
    version_in,
)

_GROUP = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASH = re.compile(r"\s+[-–—]\s+")
_FEATURED = re.compile(r"\b(?:feat\.?|ft\.?|featuring)\s+(.+)", re.IGNORECASE)
_GUESTS = re.compile(r"^\s*(?:with|w/|feat\.?|ft\.?|featuring)\s+(.+)", re.IGNORECASE)
_PRODUCED = re.compile(r"^\s*(?:prod(?:\.|uced)?(?:\s+by)?|from)\s", re.IGNORECASE)
_UNBRACKETED = re.compile(
    r"\s((?:radio|club|extended|original|album|single)\s(?:edit|mix|version|remix))$", re.IGNORECASE
)
_JOINED_ARTISTS = re.compile(r"\s*(?:,|;|/|&|\+|\bx\b|\bvs\.?|\band\b|\bwith\b)\s*", re.IGNORECASE)
_PRETENDERS = re.compile(
    r"\b(?:karaoke|tribute|in the style of|made famous by|originally performed|cover version|"
    r"backing track|as performed by|ringtone|8 ?bit|lullaby (?:version|rendition)s?|string quartet tribute)\b"
)


@dataclass(frozen=True)
class Title:
    """A title taken apart. `work` keeps its spelling."""

    work: str
    version: Version
    featured: tuple[str, ...]
    core: str
    """The work without what stands in brackets or behind a dash."""
    subtitles: tuple[str, ...] = ()
    """What stands there and belongs to the work: "(I Can't Get No)"."""


def take_apart(title: str, version: str | None = None) -> Title:
    """Split a title; `version` is what a provider keeps in a field of its own, like "(Radio Edit)"."""
    return _take_apart(title, version or "")


@lru_cache(maxsize=8192)
def _take_apart(title: str, version: str) -> Title:
    if not version and title.isalnum():
        return Title(title, version_in(""), (), title)
    told: list[str] = []
    work = _GROUP.sub(lambda match: _take(match, told), _spaced(title))
    parts = _DASH.split(_spaced(work))
    while len(parts) > 1 and tells_version(parts[-1]):
        told.append(parts.pop())
    work = _UNBRACKETED.sub(lambda match: _take(match, told), " - ".join(parts))
    if match := _FEATURED.search(work):
        told.append(match.group(0))
        work = work[: match.start()]
    work = " ".join(work.split()) or title
    own = _GROUP.sub(r"\1", version)
    versions = list(dict.fromkeys(version_in(_FEATURED.sub("", one)) for one in (*told, own) if one))
    subtitles = tuple(_GROUP.findall(work)) + tuple(_DASH.split(_GROUP.sub(" ", work))[1:])
    core = _DASH.split(" ".join(_GROUP.sub(" ", work).split()))[0] or work
    return Title(work, combined(versions), _featured(told), core, subtitles)


@lru_cache(maxsize=8192)
def split_artists(text: str) -> tuple[str, ...]:
    """The artists in a joined credit, the main one first: "A & B feat. C" gives A, B, C."""
    pieces = _JOINED_ARTISTS.split(_FEATURED.sub(r", \1", _spaced(text)))
    return tuple(piece.strip(" ()[]") for piece in pieces if piece.strip(" ()[]"))


def _spaced(text: str) -> str:
    """With single spaces: in a long run of them the patterns would try every stretch from every place."""
    return " ".join(text.split())


def sounds_like_pretender(*texts: str | None) -> bool:
    """Whether a title, artist or album says karaoke, tribute or the like."""
    return any(_is_pretender(text) for text in texts if text)


@lru_cache(maxsize=8192)
def _is_pretender(text: str) -> bool:
    return bool(_PRETENDERS.search(latin(text)))


def _take(match: re.Match[str], told: list[str]) -> str:
    inner = match.group(1)
    if not (
        _GUESTS.match(inner) or _FEATURED.search(inner) or _PRODUCED.match(inner) or tells_version(inner)
    ):
        return match.group(0)
    told.append(inner)
    return ""


def _featured(told: list[str]) -> tuple[str, ...]:
    found = (match.group(1) for group in told if (match := _GUESTS.match(group) or _FEATURED.search(group)))
    return tuple(artist for text in found for artist in split_artists(text))
