"""Titles taken apart."""

import pytest

from backend.services.metadata_enrichment.matching.titles import (
    sounds_like_pretender,
    split_artists,
    take_apart,
)
from backend.services.metadata_enrichment.matching.versions import (
    Version,
    conflict,
    is_live_album,
    version_in,
)

ORIGINAL = Version()


@pytest.mark.parametrize(
    ("title", "work", "kinds", "name"),
    [
        ("Strobe", "Strobe", set(), ""),
        ("Strobe - Radio Edit", "Strobe", {"edit"}, "radio"),
        ("Strobe (Radio Edit)", "Strobe", {"edit"}, "radio"),
        ("Strobe Radio Edit", "Strobe", {"edit"}, "radio"),
        ("Strobe (Michael Woods Remix)", "Strobe", {"remix"}, "michael woods"),
        ("Café del Mar - Deadmau5 Remix", "Café del Mar", {"remix"}, "deadmau5"),
        ("Levels - Original Mix", "Levels", set(), ""),
        ("Levels (Original Version)", "Levels", set(), ""),
        ("One More Time (2009 Remaster)", "One More Time", set(), ""),
        ("One More Time - Remastered 2009", "One More Time", set(), ""),
        ("Losing It (Extended Mix)", "Losing It", {"extended"}, ""),
        ("Losing It - Extended Version", "Losing It", {"extended"}, ""),
        ("Sandstorm (Live at Wembley)", "Sandstorm", {"live"}, "wembley"),
        ("Xpander [Instrumental]", "Xpander", {"instrumental"}, ""),
        ("Anthem (Sped Up)", "Anthem", {"sped up"}, ""),
        # Brackets that belong to the name, and words that only look like versions.
        ("(I Can't Get No) Satisfaction", "(I Can't Get No) Satisfaction", set(), ""),
        ("Don't You (Forget About Me)", "Don't You (Forget About Me)", set(), ""),
        ("Heroes (We Could Be)", "Heroes (We Could Be)", set(), ""),
        ("Live Forever", "Live Forever", set(), ""),
        ("Alive", "Alive", set(), ""),
        ("Around the World / Harder, Better", "Around the World / Harder, Better", set(), ""),
    ],
)
def test_a_title_is_work_and_version(title: str, work: str, kinds: set[str], name: str) -> None:
    apart = take_apart(title)
    assert apart.work == work
    assert (apart.version.kinds, apart.version.name) == (frozenset(kinds), name)
    assert apart.version.is_original == (not kinds)


def test_a_version_in_a_field_of_its_own_counts_as_well() -> None:
    assert take_apart("Strobe", "(Radio Edit)").version == take_apart("Strobe (Radio Edit)").version
    assert take_apart("Strobe", "").version == ORIGINAL
    assert take_apart("Strobe", "Original Mix").version == Version(marks=frozenset({"original mix"}))


@pytest.mark.parametrize(
    ("title", "featured"),
    [
        ("Titanium (feat. Sia)", ("Sia",)),
        ("Titanium ft Sia", ("Sia",)),
        ("Ghosts 'n' Stuff featuring Rob Swire", ("Rob Swire",)),
        ("Get Lucky (feat. Pharrell Williams & Nile Rodgers)", ("Pharrell Williams", "Nile Rodgers")),
    ],
)
def test_featured_artists_leave_the_title(title: str, featured: tuple[str, ...]) -> None:
    apart = take_apart(title)
    assert apart.featured == featured
    assert "Sia" not in apart.work
    assert apart.version == ORIGINAL


def test_credits_are_split() -> None:
    assert split_artists("deadmau5 & Kaskade feat. Haley") == ("deadmau5", "Kaskade", "Haley")
    assert split_artists("Skrillex x Diplo") == ("Skrillex", "Diplo")
    assert split_artists("Axwell") == ("Axwell",)


@pytest.mark.parametrize(
    "text", ["Strobe (Karaoke Version)", "A Tribute to Deadmau5", "Strobe (In the Style of Deadmau5)"]
)
def test_pretenders_are_recognised(text: str) -> None:
    assert sounds_like_pretender(None, text)
    assert not sounds_like_pretender("Strobe", None, "For Lack of a Better Name")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Skrillex Remix", Version(frozenset({"remix"}), "skrillex")),
        ("Perfecto Mix", Version(frozenset({"remix"}), "perfecto")),
        ("Live at Wembley, 1986", Version(frozenset({"live"}), "wembley", "1986")),
        ("2009 Remaster", Version(remaster="2009")),
        ("Remastered", Version(remaster="remaster")),
        ("Taylor's Version", Version(frozenset({"re-recorded"}), "taylor")),
        ("Slowed + Reverb", Version(frozenset({"slowed"}), "and reverb")),
        ("Single Edit", Version(frozenset({"edit"}), "radio")),
        ("Radio Mix", Version(frozenset({"edit"}), "radio")),
        ("Spanish Version", Version(frozenset({"language"}), "spanish")),
        ("Dub Mix", Version(frozenset({"dub"}))),
        ("VIP", Version(frozenset({"vip"}))),
        ('7" Version', Version(marks=frozenset({"7 version"}))),
        ('12" Version', Version(frozenset({"extended"}))),
        ("Mixed", Version(frozenset({"mixed"}))),
    ],
)
def test_a_version_is_values(text: str, version: Version) -> None:
    assert version_in(text) == version


@pytest.mark.parametrize(
    ("asked", "offered", "conflicts"),
    [
        ("Tiësto Remix", "DJ Tiësto's In Search of Sunrise Remix", False),
        ("Skrillex Remix", "Skrillex & Nero Remix", True),
        ("Todd Terry Mix", "Todd Terry Remix", False),
        ("Live", "Live at Wembley", False),
        ("Live at Wembley", "Live in Paris", True),
        ("Live 1992", "Live 2003", True),
        ("Radio Edit", "Todd Terje Edit", True),
        ("2009 Remaster", "2015 Remaster", False),
        ("Acoustic", "Live", True),
    ],
)
def test_versions_conflict_when_they_cannot_be_one_recording(
    asked: str, offered: str, conflicts: bool
) -> None:
    assert conflict(version_in(asked), version_in(offered)) is conflicts


def test_a_live_album_is_recognised() -> None:
    assert is_live_album("Live at the Royal Albert Hall")
    assert is_live_album("MTV Unplugged in New York")
    assert is_live_album("Alchemy (Live)")
    assert is_live_album("Live")
    assert not is_live_album("Live Through This")
    assert not is_live_album("The Way We Live")


def test_a_run_of_spaces_is_one_space_however_long() -> None:
    """Else this would take minutes, with everything else waiting."""
    gap = " " * 100_000
    assert take_apart(f"Strobe{gap}(Radio Edit)").core == take_apart("Strobe (Radio Edit)").core
    assert take_apart(f"Strobe{' (Radio Edit)' * 5000}").core == "Strobe"
    assert split_artists(f"Above{gap}&{gap}Beyond") == ("Above", "Beyond")
