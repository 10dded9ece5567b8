"""Lines of an inspected track."""

from datetime import timedelta

from backend.contracts.inspection import WalkStep
from controllers.inspection_rows import (
    as_words,
    candidate_rows,
    evidence_rows,
    field_rows,
    lineage_rows,
    source_rows,
    walk_rows,
)
from tests.gui.sample.clock import MOMENT
from tests.gui.sample.inspected import inspected, stored

ASKED = inspected("deadmau5", "Strobe", MOMENT)
STORED = stored("t-1001", "deadmau5", "Strobe", MOMENT)


def test_a_field_says_value_source_and_confidence() -> None:
    rows = {row.key: row for row in field_rows(STORED)}
    label = rows["label"]
    assert (label.title, label.subtitle, label.trailing) == ("label", "mau5trap", "discogs  0.87")
    assert rows["musical_key"].mark.word == "no value"


def test_what_was_asked_just_now_has_sources_without_lineage() -> None:
    assert {row.key: row.trailing for row in field_rows(ASKED)}["bpm"] == "deezer  0.82"
    assert lineage_rows(ASKED, "bpm", MOMENT) == []


def test_the_walk_tells_each_step_against_its_threshold() -> None:
    first, second = walk_rows(STORED, "label")
    assert (first.title, first.subtitle, first.mark.tone) == (
        "1. musicbrainz",
        "throttled · until 14:41",
        "warn",
    )
    assert (second.title, second.trailing, second.mark.word) == ("2. discogs", "0.87 ≥ 0.70", "used")


def test_a_step_below_its_threshold_shows_by_how_much() -> None:
    step = WalkStep(
        field="label",
        position=1,
        provider="lastfm",
        outcome="below_threshold",
        value="Ultra",
        confidence=0.41,
        min_confidence=0.5,
    )
    (row,) = walk_rows(STORED.model_copy(update={"walk": [step]}), "label")
    assert (row.subtitle, row.trailing) == ("below threshold · Ultra", "0.41 < 0.50")


def test_sources_that_differ_are_named_with_the_policy() -> None:
    *_, last = walk_rows(STORED, "release_date")
    assert last.title == "Sources differ; “first” took musicbrainz"
    assert last.subtitle == "discogs: 2009"


def test_lineage_goes_from_gold_to_the_bytes() -> None:
    value, step, match, response = lineage_rows(STORED, "label", MOMENT + timedelta(days=1))
    assert value.title == "mau5trap"
    assert "changed 1 time" in value.subtitle
    assert step.title == "discogs, place 2 of the waterfall"
    assert step.subtitle == "v7 · lea@desk-2 · musicbrainz could not be asked"
    assert (match.title, match.trailing) == ("deadmau5 – Strobe", "0.97")
    assert response.title == "discogs release"
    assert response.subtitle.startswith("Bronze · fetched ")


def test_a_source_without_answer_says_why() -> None:
    rows = {row.key: row for row in source_rows(STORED)}
    assert rows["musicbrainz"].subtitle == "throttled · until 14:41"
    assert rows["deezer"].mark.word == "unsure"
    assert rows["discogs"].trailing == "2 calls"


def test_the_chosen_candidate_comes_first_and_gates_are_named() -> None:
    rows = candidate_rows(STORED.sources[0])
    assert rows[0].mark.word == "chosen"
    ruled_out = [row for row in rows if row.mark.word == "ruled out"]
    assert {row.subtitle.split(" · ")[0] for row in ruled_out} == {"other version", "karaoke or tribute"}


def test_evidence_is_ordered_by_weight() -> None:
    rows = evidence_rows(STORED.sources[0].candidates[0])
    assert [row.trailing for row in rows] == ["+3.0", "+2.5", "+1.5", "-0.7", "+0.0"]
    assert [row.mark.word for row in rows] == ["for", "for", "for", "against", "unknown"]
    (gated,) = evidence_rows(STORED.sources[0].candidates[1])
    assert gated.title == "other version"


def test_values_read_as_words() -> None:
    assert as_words(["House", "Techno"]) == "House, Techno"
    assert as_words(False) == "no"
    assert as_words(128.0) == "128"
    assert as_words({"a": 1}) == '{"a": 1}'
