"""Which candidate is the wanted track."""

import json

import pytest

from backend.contracts.gateway import TrackCandidate
from backend.services.metadata_enrichment.matching.judging import Wanted, judge, same_recording
from backend.services.metadata_enrichment.matching.selection import ACCEPTANCE, Verdict, select
from tests.backend.services.metadata_enrichment.candidates import candidate

STROBE = Wanted("Deadmau5", "Strobe")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (STROBE, candidate("Strobe", "deadmau5")),
        (STROBE, candidate("STROBE (Original Mix)", "Deadmau5")),
        (STROBE, candidate("Strobe - 2016 Remaster", "deadmau5")),
        (Wanted("Beyonce", "Crazy In Love"), candidate("Crazy in Love (feat. Jay-Z)", "Beyoncé")),
        (Wanted("Daft Punk", "Get Lucky"), candidate("Get Lucky", "Daft Punk", "Pharrell Williams")),
        (
            Wanted("Daft Punk feat. Pharrell Williams", "Get Lucky"),
            candidate("Get Lucky (feat. Pharrell Williams & Nile Rodgers)", "Daft Punk"),
        ),
        (Wanted("Simon & Garfunkel", "Mrs. Robinson"), candidate("Mrs Robinson", "Simon and Garfunkel")),
        (Wanted("The Prodigy", "Firestarter"), candidate("Firestarter", "Prodigy")),
        (Wanted("AC/DC", "Thunderstruck"), candidate("Thunderstruck", "ACDC")),
        (Wanted("坂本龍一", "戦場のメリークリスマス"), candidate("戦場のメリークリスマス", "坂本龍一")),
        (Wanted("Deadmau5", "Strobe (Radio Edit)"), candidate("Strobe", "deadmau5", version="Radio Edit")),
    ],
)
def test_the_same_track_in_other_spellings_is_accepted(wanted: Wanted, found: object) -> None:
    assert judge(wanted, found).probability >= 0.94  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "found", "gate"),
    [
        (STROBE, candidate("Strobe (Radio Edit)", "deadmau5"), "other version"),
        (STROBE, candidate("Strobe", "deadmau5", version="Michael Woods Remix"), "other version"),
        (STROBE, candidate("Strobe (Live)", "deadmau5"), "other version"),
        (STROBE, candidate("Strobe (Instrumental)", "deadmau5"), "other version"),
        (Wanted("Deadmau5", "Strobe (Radio Edit)"), candidate("Strobe", "deadmau5"), "other version"),
        (
            Wanted("Avicii", "Levels (Skrillex Remix)"),
            candidate("Levels (Cazzette NYC Mode Remix)", "Avicii"),
            "other version",
        ),
        (STROBE, candidate("Strobe", "Lang Lang"), "other artist"),
        (Wanted("Pearl Jam", "Alive"), candidate("Alive", "Pearl Jam", version="Live"), "other version"),
        (
            Wanted("Wings", "Live and Let Die"),
            candidate("Live and Let Die", "Wings", version="Live"),
            "other version",
        ),
        (STROBE, candidate("Strobe (Karaoke)", "deadmau5"), "karaoke or tribute"),
        (STROBE, candidate("Strobe", "Deadmau5 Tribute Band"), "karaoke or tribute"),
        (Wanted("a", "b", duration_ms=600_000), candidate("b", "a", duration_ms=210_000), "other duration"),
    ],
)
def test_what_a_gate_rules_out(wanted: Wanted, found: object, gate: str) -> None:
    judgement = judge(wanted, found)  # type: ignore[arg-type]
    assert (judgement.gate, judgement.probability) == (gate, 0.0)


@pytest.mark.parametrize(
    ("title", "artist"),
    [("Ghosts 'n' Stuff", "deadmau5"), ("Strobelight", "deadmau5"), ("Strobe", "Dead Moon Five")],
)
def test_a_perfect_half_is_not_enough(title: str, artist: str) -> None:
    assert judge(STROBE, candidate(title, artist)).probability < ACCEPTANCE


def test_evidence_adds_up_and_missing_evidence_is_neutral() -> None:
    plain = judge(STROBE, candidate("Strobe", "deadmau5")).probability
    known = Wanted("Deadmau5", "Strobe", isrc="GBTDG0900141", duration_ms=637_000)
    both = candidate("Strobe", "deadmau5", isrc="GB-TDG-09-00141", duration_ms=636_000)
    off = candidate("Strobe", "deadmau5", isrc="USXXX0900001", duration_ms=650_000)
    assert judge(known, candidate("Strobe", "deadmau5")).probability == plain
    assert judge(known, both).probability > plain > judge(known, off).probability
    assert judge(known, both).features.identifier > 0


def test_two_albums_hold_one_recording_two_lengths_do_not() -> None:
    album = candidate("Strobe", "deadmau5", duration_ms=637_000)
    compilation = candidate("Strobe (Original Mix)", "deadmau5", duration_ms=638_000)
    short = candidate("Strobe", "deadmau5", duration_ms=213_000)
    assert same_recording(album, compilation)
    assert not same_recording(album, short)


def test_of_equal_releases_the_first_is_taken() -> None:
    late = candidate("Strobe", "deadmau5", provider_id="late", release_date="2014-01-01", duration_ms=637_000)
    early = candidate(
        "Strobe", "deadmau5", provider_id="early", release_date="2009-09-22", duration_ms=637_500
    )
    undated = candidate("Strobe", "deadmau5", provider_id="undated", duration_ms=637_000)
    chosen = select(STROBE, {"spotify": [late, undated, early]})["spotify"].chosen
    assert chosen is not None
    assert chosen.candidate.provider_id == "early"


def test_verdicts_tell_matched_from_no_match() -> None:
    found = {"spotify": [candidate("Strobe", "deadmau5")], "deezer": [candidate("Faxing Berlin", "deadmau5")]}
    verdicts = {provider: one.verdict for provider, one in select(STROBE, found).items()}
    assert verdicts == {"spotify": Verdict.MATCHED, "deezer": Verdict.NO_MATCH}


def test_two_recordings_that_fit_alike_leave_it_unsure() -> None:
    one = candidate("Strobe", "deadmau5", provider_id="one", duration_ms=637_000)
    other = candidate("Strobe", "deadmau5", provider_id="other", duration_ms=213_000)
    selection = select(STROBE, {"deezer": [one, other]})["deezer"]
    assert selection.chosen is None
    assert selection.reason.startswith("unsure")
    assert selection.verdict is Verdict.UNSURE


def test_a_mark_that_nobody_asked_for_gives_way() -> None:
    plain = candidate("Heroes", "David Bowie", duration_ms=371_000)
    single = candidate("Heroes (Single Version)", "David Bowie", duration_ms=215_000)
    for wanted, best in (("Heroes", plain), ("Heroes (Single Version)", single)):
        chosen = select(Wanted("David Bowie", wanted), {"spotify": [single, plain]})["spotify"].chosen
        assert chosen is not None
        assert chosen.candidate == best


def test_a_sure_provider_settles_what_another_leaves_unsure() -> None:
    sure = candidate("Strobe", "deadmau5", isrc="GBTDG0900141", duration_ms=637_000)
    long = candidate("Strobe", "deadmau5", provider="deezer", provider_id="long", duration_ms=637_000)
    short = candidate("Strobe", "deadmau5", provider="deezer", provider_id="short", duration_ms=213_000)
    chosen = select(STROBE, {"spotify": [sure], "deezer": [short, long]})["deezer"].chosen
    assert chosen is not None
    assert chosen.candidate.provider_id == "long"


def test_nothing_that_fits_is_no_match() -> None:
    selection = select(STROBE, {"spotify": [candidate("Faxing Berlin", "deadmau5")], "deezer": []})
    assert {one.reason for one in selection.values()} == {"no match"}


def test_the_popular_radio_edit_does_not_win() -> None:
    """In Deezer's real answers the radio edit has the higher rank, and rank is no evidence."""
    edit = candidate("Strobe (Radio Edit)", "deadmau5", popularity=0.9)
    original = candidate("Strobe", "deadmau5", popularity=0.1)
    chosen = select(STROBE, {"deezer": [edit, original]})["deezer"].chosen
    assert chosen is not None
    assert chosen.candidate == original


def test_every_piece_of_evidence_is_told_in_words() -> None:
    wanted = Wanted("Deadmau5", "Strobe", isrc="GBTDG0900141", duration_ms=637_000, year=2009)
    found = candidate(
        "Strobe (Original Mix)",
        "deadmau5",
        isrc="GBTDG0900141",
        duration_ms=643_000,
        release_date="2009-09-22",
        album="For Lack of a Better Name",
    )
    judgement = judge(wanted, found)
    told = {one.name: (one.weight > 0, one.explanation) for one in judgement.evidence()}
    assert told == {
        "title": (True, "the same name: Strobe"),
        "artist": (True, "the same artists: deadmau5"),
        "version": (False, "asked for: original; offered: original mix"),
        "duration": (False, "643.0 s and 637.0 s, 6.0 s apart"),
        "identifier": (True, "the same ISRC GBTDG0900141"),
        "album": (False, "album: not known of both"),
        "year": (True, "year: 2009; wanted: 2009"),
        "label": (False, "label: not known of both"),
    }
    stored = json.loads(json.dumps(judgement.explanation()))
    assert sum(one["weight"] for one in stored["evidence"]) == pytest.approx(stored["score"] + 1.0)


def test_an_isrc_needs_the_title_or_the_duration_to_agree() -> None:
    wanted = Wanted("Antonio Vivaldi", "Spring: II. Largo", isrc="DEF055500002", duration_ms=150_000)
    other = candidate("Spring: I. Allegro", "Antonio Vivaldi", isrc="DEF055500002", duration_ms=175_000)
    judgement = judge(wanted, other)
    assert judgement.features.identifier == 0
    words = {one.name: one.explanation for one in judgement.evidence()}
    assert words["identifier"] == "the same ISRC DEF055500002, but neither title nor duration agrees"


def test_the_probability_is_what_is_left_beside_another_recording() -> None:
    """Two lengths that fit alike get about one half each; a known duration gives it back to one of them."""
    one = candidate("Strobe", "deadmau5", provider_id="one", duration_ms=637_000)
    other = candidate("Strobe", "deadmau5", provider_id="other", duration_ms=623_000)
    alike = select(STROBE, {"deezer": [one, other]})["deezer"]
    assert [judgement.probability for judgement in alike.judgements] == pytest.approx([0.5, 0.5], abs=0.02)
    known = Wanted("Deadmau5", "Strobe", duration_ms=637_200)
    chosen = select(known, {"deezer": [other, one]})["deezer"].chosen
    assert chosen is not None
    assert (chosen.candidate.provider_id, chosen.probability > 0.95) == ("one", True)


def test_a_candidate_that_fits_half_is_unsure_and_not_no_match() -> None:
    selection = select(Wanted("Kaskade", "Atmoshpere"), {"deezer": [candidate("Atmosphere", "Kaskade")]})
    assert selection["deezer"].verdict is Verdict.UNSURE
    assert selection["deezer"].reason == "unsure: Atmosphere fits, but not well enough"


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (
            candidate("Strobe (Radio Edit)", "deadmau5"),
            ("version", "asked for: original; offered: radio edit"),
        ),
        (
            candidate("Strobe", "deadmau5", album="Karaoke Hits"),
            ("version", "sounds like karaoke or a tribute: Karaoke Hits"),
        ),
        (candidate("Strobe", "Lang Lang"), ("artist", "Lang Lang agrees with Deadmau5 by 25%")),
    ],
)
def test_of_a_candidate_that_a_gate_ruled_out_is_kept_why(
    found: TrackCandidate, kept: tuple[str, str]
) -> None:
    words = judge(STROBE, found).explanation()["evidence"]
    assert [(one["name"], one["explanation"]) for one in words] == [kept]
