"""Takes a title apart: the name of the work, which version of it this is, and who is featured."""

import re
from dataclasses import dataclass

from backend.services.metadata_enrichment.matching.normalisation import latin

_GROUP = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASH = re.compile(r"\s+[-–—]\s+")
_FEATURED = re.compile(r"\b(?:feat\.?|ft\.?|featuring)\s+(.+)", re.IGNORECASE)
_UNBRACKETED = re.compile(
    r"\s((?:radio|club|extended|original|album|single)\s(?:edit|mix|version|remix))$", re.IGNORECASE
)
_JOINED_ARTISTS = re.compile(r"\s*(?:,|;|/|&|\+|\bx\b|\bvs\.?|\band\b|\bwith\b)\s*", re.IGNORECASE)

_KINDS = {
    "remix": ("remix", "remixes", "rmx", "remixed"),
    "rework": ("rework", "reworked", "bootleg", "mashup", "flip", "vip", "refix", "reimagined", "redux"),
    "mix": ("mix", "mixed"),
    "dub": ("dub",),
    "edit": ("edit", "edited", "cut", "short"),
    "extended": ("extended", "long", "12"),
    "live": ("live", "concert", "session", "sessions", "unplugged"),
    "acoustic": ("acoustic", "piano", "stripped", "orchestral", "symphonic"),
    "instrumental": ("instrumental",),
    "a cappella": ("acapella", "acappella", "cappella"),
    "demo": ("demo", "rehearsal", "outtake"),
    "speed": ("sped", "slowed", "nightcore", "chopped", "reverb"),
    "karaoke": ("karaoke",),
    "cover": ("cover", "tribute", "covered", "rendition"),
    "reprise": ("reprise", "interlude"),
}
_KIND_OF_WORD = {word: kind for kind, words in _KINDS.items() for word in words}
_SAME_RECORDING = re.compile(
    r"\b(?:original (?:mix|version)|album version|single version|main version|stereo|mono|explicit|clean|"
    r"bonus track|(?:\d{4} )?(?:digital )?remaster(?:ed)?(?: version)?(?: \d{4})?|deluxe(?: edition)?)\b"
)
_MARK = re.compile(r"\b(?:original|album|single|main) (?:mix|version)\b")
_FILLER = re.compile(r"\b(?:version|the|original|official|audio|video|up|a|at|in|from|by|s|\d+)\b")
_PRETENDERS = re.compile(
    r"\b(?:karaoke|tribute|in the style of|made famous by|originally performed|cover version|"
    r"backing track|as performed by|ringtone|8 ?bit)\b"
)


@dataclass(frozen=True)
class Version:
    """Which recording of a work: kinds like `remix` or `live`, and the words that name it.

    No kinds means the original recording; a remaster counts as that.
    """

    kinds: frozenset[str] = frozenset()
    name: str = ""

    @property
    def is_original(self) -> bool:
        """Whether nothing says that it is another recording than the original."""
        return not self.kinds


@dataclass(frozen=True)
class Title:
    """A title taken apart. `work` keeps its spelling."""

    work: str
    version: Version
    featured: tuple[str, ...]
    marks: frozenset[str] = frozenset()
    """Words like "single version": no other recording as a rule, but some labels mean one by them."""


def take_apart(title: str, version: str | None = None) -> Title:
    """Split a title; `version` is what a provider keeps in a field of its own, like "(Radio Edit)"."""
    groups: list[str] = [_GROUP.sub(r"\1", version)] if version else []
    work = _GROUP.sub(lambda match: _take(match, groups), title)
    parts = _DASH.split(work)
    while len(parts) > 1 and _tells_version(parts[-1]):
        groups.append(parts.pop())
    work = _UNBRACKETED.sub(lambda match: _take(match, groups), " - ".join(parts))
    if match := _FEATURED.search(work):
        groups.append(match.group(0))
        work = work[: match.start()]
    return Title(work.strip() or title, _version(groups), _featured(groups), _marks(groups))


def split_artists(text: str) -> tuple[str, ...]:
    """The artists in a joined credit, the main one first: "A & B feat. C" gives A, B, C."""
    pieces = _JOINED_ARTISTS.split(_FEATURED.sub(r", \1", text))
    return tuple(piece.strip(" ()[]") for piece in pieces if piece.strip(" ()[]"))


def sounds_like_pretender(*texts: str | None) -> bool:
    """Whether a title, artist or album says karaoke, tribute or the like."""
    return any(_PRETENDERS.search(latin(text)) for text in texts if text)


def _take(match: re.Match[str], groups: list[str]) -> str:
    inner = match.group(1)
    if not (_tells_version(inner) or _FEATURED.search(inner)):
        return match.group(0)
    groups.append(inner)
    return ""


def _tells_version(text: str) -> bool:
    plain = latin(text)
    return bool(_SAME_RECORDING.search(plain)) or any(word in _KIND_OF_WORD for word in plain.split())


def _version(groups: list[str]) -> Version:
    told = " ".join(_SAME_RECORDING.sub(" ", latin(_FEATURED.sub("", group))) for group in groups)
    words = told.split()
    kinds = frozenset(_KIND_OF_WORD[word] for word in words if word in _KIND_OF_WORD)
    if "extended" in kinds:  # an extended mix and an extended version are the same thing
        kinds -= {"mix"}
    rest = " ".join(word for word in words if word not in _KIND_OF_WORD)
    return Version(kinds, " ".join(_FILLER.sub(" ", rest).split()) if kinds else "")


def _marks(groups: list[str]) -> frozenset[str]:
    return frozenset(mark for group in groups for mark in _MARK.findall(latin(group)))


def _featured(groups: list[str]) -> tuple[str, ...]:
    found = (match.group(1) for group in groups if (match := _FEATURED.search(group)))
    return tuple(artist for text in found for artist in split_artists(text))
