"""The walk over what the sources had, field by field."""

from dataclasses import replace

import pytest

from backend.contracts.gateway import Outcome
from backend.contracts.waterfall import OnDisagreement, WhenUnavailable
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from backend.services.metadata_enrichment.waterfall.walk import walk
from tests.backend.services.metadata_enrichment.waterfall.evidence import (
    by_provider,
    field,
    found,
    in_vain,
    step,
    unmatched,
)

BPM = field("bpm", "deezer", step("spotify", 0.8))
PASSING = [
    Outcome.THROTTLED,
    Outcome.QUOTA,
    Outcome.BREAKER_OPEN,
    Outcome.FAILURE,
    Outcome.CONTRACT,
    Outcome.EMPTY_SUSPECT,
]
LASTING = [Outcome.NOT_FOUND, Outcome.CREDENTIAL, Outcome.CAPABILITY_GONE, Outcome.BAD_REQUEST]


def test_the_first_source_that_is_sure_enough_gives_the_value() -> None:
    result = walk(BPM, by_provider(found("deezer", bpm=128), found("spotify", bpm=64)))
    assert result.winner is not None
    assert (result.winner.value, result.winner.provider, result.winner.position) == (128, "deezer", 1)
    assert result.winner.confidence == pytest.approx(0.9)
    assert [one.outcome for one in result.steps] == ["used"]
    assert (result.needs, result.missed, result.waits) == ((), (), False)


@pytest.mark.parametrize(
    ("first", "outcome"),
    [
        (found("deezer"), "no_value"),
        (replace(found("deezer"), invalid={"bpm": "a tempo of 999 is outside 40 to 220"}), "invalid_value"),
        (found("deezer", 0.5, bpm=72), "below_threshold"),
        (unmatched("deezer"), "no_match"),
        (unmatched("deezer", "unsure"), "unsure"),
        *((in_vain("deezer", outcome), outcome.value) for outcome in (*PASSING, *LASTING)),
    ],
)
def test_a_source_in_vain_leads_to_the_next_and_is_written_down(first: SourceEvidence, outcome: str) -> None:
    result = walk(BPM, by_provider(first, found("spotify", bpm=127)))
    assert result.winner is not None
    assert (result.winner.value, result.winner.position) == (127, 2)
    assert [one.outcome for one in result.steps] == [outcome, "used"]


@pytest.mark.parametrize("outcome", PASSING)
def test_a_value_behind_a_passing_trouble_is_degraded(outcome: Outcome) -> None:
    result = walk(BPM, by_provider(in_vain("deezer", outcome), found("spotify", bpm=120)))
    assert result.degraded_by == ("deezer",)


@pytest.mark.parametrize("outcome", LASTING)
def test_a_lasting_trouble_degrades_nothing(outcome: Outcome) -> None:
    result = walk(BPM, by_provider(in_vain("deezer", outcome), found("spotify", bpm=120)))
    assert (result.missed, result.degraded_by) == ((), ())


def test_trouble_behind_the_value_degrades_nothing() -> None:
    result = walk(BPM, by_provider(found("deezer", bpm=120), in_vain("spotify")))
    assert result.missed == ()


def test_the_walk_stops_at_a_source_that_was_not_asked_whatever_a_later_one_has() -> None:
    result = walk(BPM, by_provider(found("spotify", bpm=127)))
    assert (result.winner, result.needs, result.steps) == (None, ("deezer",), ())
    assert walk(BPM, {}).needs == ("deezer",)
    assert walk(BPM, by_provider(unmatched("deezer"))).needs == ("spotify",)


def test_a_disabled_source_is_neither_asked_nor_used() -> None:
    off = field("bpm", step("deezer", enabled=False), "spotify")
    assert walk(off, {}).needs == ("spotify",)
    result = walk(off, by_provider(found("deezer", bpm=128), found("spotify", bpm=127)))
    assert result.winner is not None
    assert (result.winner.value, result.winner.position) == (127, 2)
    assert [one.provider for one in result.steps] == ["spotify"]


def test_a_field_that_only_the_record_has_needs_the_look_up() -> None:
    searched = replace(found("deezer"), unasked_fields=frozenset({"bpm"}))
    evidence = by_provider(searched, found("spotify", bpm=127))
    assert walk(BPM, evidence).needs == ("deezer",)
    title = field("track_title", "deezer")
    assert walk(title, evidence).needs == ()


def test_a_look_up_is_not_worth_it_for_a_match_below_the_threshold() -> None:
    searched = replace(found("deezer", 0.5), unasked_fields=frozenset({"bpm"}))
    result = walk(BPM, by_provider(searched, found("spotify", bpm=127)))
    assert [one.outcome for one in result.steps] == ["below_threshold", "used"]


def test_a_look_up_in_vain_says_so_only_for_the_fields_it_was_made_for() -> None:
    source = replace(
        found("deezer", isrc="GBTDG0900141"), outcome=Outcome.THROTTLED, lookup_fields=frozenset({"bpm"})
    )
    result = walk(BPM, by_provider(source, found("spotify", bpm=127)))
    assert [one.outcome for one in result.steps] == ["throttled", "used"]
    assert result.degraded_by == ("deezer",)
    label = walk(field("label", "deezer"), by_provider(source))
    assert ([one.outcome for one in label.steps], label.missed) == (["no_value"], ())
    isrc = walk(field("isrc", "deezer"), by_provider(source))
    assert isrc.winner is not None


def test_a_field_that_waits_takes_no_later_source() -> None:
    waiting = field("bpm", "deezer", "spotify", unavailable=WhenUnavailable.WAIT)
    result = walk(waiting, by_provider(in_vain("deezer"), found("spotify", bpm=127)))
    assert (result.winner, result.waits, result.missed) == (None, True, ("deezer",))
    assert [(one.outcome, one.detail) for one in result.steps] == [("waited_for", "throttled: slow down")]
    assert walk(waiting, by_provider(in_vain("deezer"))).needs == ()


def test_a_field_does_not_wait_for_what_never_comes() -> None:
    waiting = field("bpm", "deezer", "spotify", unavailable=WhenUnavailable.WAIT)
    result = walk(waiting, by_provider(in_vain("deezer", Outcome.CREDENTIAL), found("spotify", bpm=127)))
    assert result.winner is not None
    assert result.waits is False


def test_the_surest_source_is_taken_when_all_were_heard() -> None:
    bpm = field("bpm", step("deezer", 0.8), step("spotify", 0.95), policy=OnDisagreement.SUREST)
    assert walk(bpm, {}).needs == ("deezer", "spotify")
    assert walk(bpm, by_provider(found("deezer", bpm=120))).needs == ("spotify",)
    result = walk(bpm, by_provider(found("deezer", bpm=120), found("spotify", bpm=98)))
    assert result.winner is not None
    assert result.winner.value == 98
    assert [one.outcome for one in result.steps] == ["outvoted", "used"]


def test_of_equally_sure_sources_the_order_decides() -> None:
    bpm = field("bpm", "deezer", "spotify", policy=OnDisagreement.SUREST)
    result = walk(bpm, by_provider(found("deezer", bpm=120), found("spotify", bpm=98)))
    assert result.winner is not None
    assert result.winner.provider == "deezer"


def test_the_majority_counts_independent_sources() -> None:
    order = ("spotify", "deezer", "itunes", "musicbrainz", "discogs")
    date = field("release_date", *order, policy=OnDisagreement.MAJORITY)
    fed_by_labels = [found(name, release_date="2011-03-01") for name in order[:3]]
    independent = [found("musicbrainz", release_date="2009"), found("discogs", release_date="2009-09-22")]
    result = walk(date, by_provider(*fed_by_labels, *independent))
    assert result.winner is not None
    assert (result.winner.provider, result.winner.value) == ("musicbrainz", "2009")
    assert [one.outcome for one in result.steps] == [*["outvoted"] * 3, "used", "agreed"]
    tie = walk(date, by_provider(*fed_by_labels, independent[0], unmatched("discogs")))
    assert tie.winner is not None
    assert tie.winner.provider == "spotify"


def test_measured_fields_have_a_vote_a_source() -> None:
    bpm = field("bpm", "beatport", "spotify", "deezer", policy=OnDisagreement.MAJORITY)
    result = walk(
        bpm, by_provider(found("beatport", bpm=100), found("spotify", bpm=127.6), found("deezer", bpm=64))
    )
    assert result.winner is not None
    assert (result.winner.provider, result.winner.value) == ("spotify", 127.6)


def test_with_policies_that_hear_all_any_absent_source_degrades_or_is_waited_for() -> None:
    evidence = by_provider(found("deezer", bpm=120), in_vain("spotify"))
    skipping = field("bpm", "deezer", "spotify", policy=OnDisagreement.SUREST)
    assert walk(skipping, evidence).degraded_by == ("spotify",)
    waiting = skipping.model_copy(update={"when_unavailable": WhenUnavailable.WAIT})
    result = walk(waiting, evidence)
    assert (result.winner, result.waits) == (None, True)
    assert [one.outcome for one in result.steps] == ["deferred", "waited_for"]
