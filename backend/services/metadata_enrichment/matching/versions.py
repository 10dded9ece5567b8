"""Which recording of a work a title means, as values: kinds, whose, which year, remaster, marks."""

from dataclasses import dataclass
from functools import lru_cache

from backend.services.metadata_enrichment.matching.normalisation import latin, similarity
from backend.services.metadata_enrichment.matching.vocabulary import (
    CALLS_ITSELF,
    FILLER,
    HINT,
    JOINING,
    KINDS,
    LANGUAGE,
    LIVE_ALBUM,
    MARKS,
    NEUTRAL_MARKS,
    POSSESSIVE,
    RADIO,
    REMASTER,
    WHOSE,
    YEAR,
)

_NAME_FLOOR = 0.8


@dataclass(frozen=True)
class Version:
    """Which recording of a work. No kinds means the original recording; a remaster counts as that."""

    kinds: frozenset[str] = frozenset()
    name: str = ""
    """Who made it or where: the remixer, the place, whose version, the language."""
    year: str = ""
    """Of a live recording, a re-recording or an edit."""
    remaster: str = ""
    """The year of the remaster, or "remaster" where none is given."""
    marks: frozenset[str] = frozenset()
    """Words like "single version": no other recording as a rule, but some labels mean one by them."""

    @property
    def is_original(self) -> bool:
        """Whether nothing says that it is another recording than the original."""
        return not self.kinds

    def __str__(self) -> str:
        """In words, for the operator."""
        remaster = f"remaster of {self.remaster}" if self.remaster.isdecimal() else self.remaster
        words = (self.name, *sorted(self.kinds), self.year, *sorted(self.marks), remaster)
        return " ".join(word for word in words if word) or "original"

    @property
    def telling_marks(self) -> frozenset[str]:
        """The marks that may mean another recording."""
        return self.marks - NEUTRAL_MARKS


_ORIGINAL = Version()


@lru_cache(maxsize=8192)
def version_in(text: str) -> Version:
    """What a bracket, a part behind a dash or a provider's version field says; the original if nothing."""
    plain = latin(POSSESSIVE.sub("", text))
    if not HINT.search(plain):
        return _ORIGINAL
    remaster = REMASTER.search(plain)
    if remaster:
        plain = REMASTER.sub(" ", plain)
    marks = frozenset(MARKS.findall(plain))
    rest = MARKS.sub(" ", plain) if marks else plain
    kinds, rest, name = _kinds(text, rest)
    year = YEAR.search(rest)
    words = FILLER.sub(" ", YEAR.sub(" ", rest)).split()
    if not kinds and words and _has_mix_or_version(plain, marks):
        kinds = {"version" if "version" in plain or "original" in plain else "remix"}
    return Version(
        kinds=frozenset(kinds),
        name=" ".join([*words, *name]) if kinds else "",
        year=year.group() if year and kinds else "",
        remaster=(remaster.group(1) or remaster.group(2) or "remaster") if remaster else "",
        marks=marks,
    )


def _kinds(text: str, plain: str) -> tuple[set[str], str, list[str]]:
    """The kinds, what is left without their words, and the names that stand in those words."""
    if whose := WHOSE.match(text):
        return {"re-recorded"}, latin(whose.group(1)), []
    kinds: set[str] = set()
    rest, name = plain, []
    for kind, pattern in KINDS:
        if not pattern.search(rest):
            continue
        kinds.add(kind)
        if kind == "edit" and RADIO.search(rest):
            name.append("radio")
        if kind == "language":
            name.extend(LANGUAGE.findall(rest))
        rest = pattern.sub(" ", rest)
    return kinds, rest, name


def _has_mix_or_version(plain: str, marks: frozenset[str]) -> bool:
    """Whether it calls itself a mix or a version of a name that no kind is known for: "Perfecto Mix"."""
    return bool(CALLS_ITSELF.search(plain)) and not marks & NEUTRAL_MARKS


def tells_version(text: str) -> bool:
    """Whether it says anything at all about a version; otherwise it belongs to the name of the work."""
    return version_in(text) != _ORIGINAL


def combined(versions: list[Version]) -> Version:
    """What several brackets say together."""
    if len(versions) <= 1:
        return versions[0] if versions else _ORIGINAL
    return Version(
        kinds=frozenset().union(*(one.kinds for one in versions)),
        name=" ".join(dict.fromkeys(one.name for one in versions if one.name)),
        year=next((one.year for one in versions if one.year), ""),
        remaster=next((one.remaster for one in versions if one.remaster), ""),
        marks=frozenset().union(*(one.marks for one in versions)),
    )


@lru_cache(maxsize=8192)
def is_live_album(album: str) -> bool:
    """Whether an album's name says that it was recorded in concert."""
    return bool(LIVE_ALBUM.search(album))


def conflict(asked: Version, offered: Version) -> bool:
    """Whether two versions cannot be the same recording."""
    if asked.kinds != offered.kinds:
        return True
    if asked.kinds and asked.year and offered.year and asked.year != offered.year:
        return True
    return bool(asked.name and offered.name) and not _may_be_same_name(asked, offered)


def _may_be_same_name(asked: Version, offered: Version) -> bool:
    if similarity(asked.name, offered.name) >= _NAME_FLOOR:
        return True
    one, other = set(asked.name.split()), set(offered.name.split())
    if "live" in asked.kinds:
        return bool(one & other)
    # "Tiësto Remix" may be short for "Tiësto's In Search of Sunrise Remix", not for "Tiësto and Nero Remix".
    return (one < other or other < one) and not (one ^ other) & JOINING
