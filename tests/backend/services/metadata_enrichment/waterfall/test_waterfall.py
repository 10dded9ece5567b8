"""The waterfall over what the providers answered."""

from datetime import UTC, datetime

import pytest

from backend.contracts.gateway import Outcome, TrackCandidate
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField, WaterfallStep
from backend.services.metadata_enrichment.matching.judging import Features, Judgement
from backend.services.metadata_enrichment.waterfall.walk import Source, next_providers, resolve
from backend.services.metadata_enrichment.work.answers import Answer
from tests.backend.services.metadata_enrichment.candidates import candidate


def configured(*fields: tuple[str, bool, list[tuple[str, float]]]) -> WaterfallConfiguration:
    return WaterfallConfiguration(
        version=7,
        activated_at=datetime.now(UTC),
        fields=[
            WaterfallField(
                field=name,
                required_for_gold=required,
                sources=[
                    WaterfallStep(
                        provider=provider, enabled=True, min_confidence=0.7, reliability=reliability
                    )
                    for provider, reliability in sources
                ],
            )
            for name, required, sources in fields
        ],
    )


def found(track: TrackCandidate, probability: float = 1.0) -> Source:
    answer = Answer(track.provider, "search", Outcome.OK, (track,), response_id=f"raw-{track.provider}")
    return Source(answer, Judgement(track, probability, Features()))


def unanswered(provider: str, outcome: Outcome) -> Source:
    return Source(Answer(provider, "search", outcome), None)


BPM = configured(("bpm", True, [("deezer", 0.9), ("spotify", 0.8)]))


def test_the_first_source_that_is_sure_enough_gives_the_value() -> None:
    sources = {
        "deezer": found(candidate("a", "b", provider="deezer", bpm=128)),
        "spotify": found(candidate("a", "b", bpm=64)),
    }
    resolution = resolve(BPM, sources)
    assert resolution.values == {"bpm": 128}
    entry = resolution.provenance["bpm"]
    assert (entry.provider, entry.position, entry.confidence) == ("deezer", 1, 0.9)
    assert (entry.response_id, entry.config_version) == ("raw-deezer", 7)
    assert [step.outcome for step in resolution.steps] == ["used"]


@pytest.mark.parametrize(
    ("first", "outcome"),
    [
        (found(candidate("a", "b", provider="deezer", bpm=0)), "no_value"),
        (found(candidate("a", "b", provider="deezer", bpm=999)), "invalid_value"),
        (found(candidate("a", "b", provider="deezer", bpm=128), 0.5), "below_threshold"),
        (Source(Answer("deezer", "search", Outcome.OK), None, "no match"), "no_match"),
        (unanswered("deezer", Outcome.NOT_FOUND), "not_found"),
        (unanswered("deezer", Outcome.BREAKER_OPEN), "breaker_open"),
        (unanswered("deezer", Outcome.THROTTLED), "throttled"),
        (unanswered("deezer", Outcome.QUOTA), "quota"),
        (unanswered("deezer", Outcome.CREDENTIAL), "credential"),
        (unanswered("deezer", Outcome.CAPABILITY_GONE), "capability_gone"),
        (unanswered("deezer", Outcome.CONTRACT), "failure"),
        (unanswered("deezer", Outcome.FAILURE), "failure"),
    ],
)
def test_a_source_in_vain_leads_to_the_next_and_is_written_down(first: Source, outcome: str) -> None:
    sources = {"deezer": first, "spotify": found(candidate("a", "b", bpm=127))}
    resolution = resolve(BPM, sources)
    assert resolution.values == {"bpm": 127}
    assert [step.outcome for step in resolution.steps] == [outcome, "used"]
    assert resolution.provenance["bpm"].position == 2


def test_a_bad_match_does_not_win_by_its_place() -> None:
    sources = {
        "deezer": found(candidate("a", "b", provider="deezer", bpm=72), 0.3),
        "spotify": found(candidate("a", "b", bpm=137)),
    }
    assert resolve(BPM, sources).values == {"bpm": 137}


@pytest.mark.parametrize(
    ("outcome", "unsettled"),
    [
        (Outcome.BREAKER_OPEN, True),
        (Outcome.FAILURE, True),
        (Outcome.NOT_FOUND, False),
        (Outcome.CREDENTIAL, False),
    ],
)
def test_only_a_passing_trouble_leaves_a_field_unsettled(outcome: Outcome, unsettled: bool) -> None:
    sources = {"deezer": unanswered("deezer", outcome), "spotify": found(candidate("a", "b", bpm=120))}
    assert resolve(BPM, sources).unsettled == (frozenset({"bpm"}) if unsettled else frozenset())


def test_a_value_from_the_record_leads_to_the_records_bytes() -> None:
    track = candidate("a", "b", provider="deezer", bpm=128, isrc="GBTDG0900141")
    searched = Answer("deezer", "search", Outcome.OK, (track,), response_id="search")
    record = Answer("deezer", "track", Outcome.OK, (track,), response_id="record")
    source = Source(searched, Judgement(track, 1.0, Features()), lookup=record, completed=frozenset({"bpm"}))
    configuration = configured(("bpm", True, [("deezer", 0.9)]), ("isrc", True, [("deezer", 0.9)]))
    provenance = resolve(configuration, {"deezer": source}).provenance
    assert {name: entry.response_id for name, entry in provenance.items()} == {
        "bpm": "record",
        "isrc": "search",
    }


def test_a_look_up_in_vain_leaves_its_field_unsettled() -> None:
    track = candidate("a", "b", provider="deezer")
    throttled = Answer("deezer", "track", Outcome.THROTTLED)
    source = Source(
        Answer("deezer", "search", Outcome.OK, (track,)), Judgement(track, 1.0, Features()), lookup=throttled
    )
    resolution = resolve(BPM, {"deezer": source})
    assert [step.outcome for step in resolution.steps] == ["throttled"]
    assert resolution.unsettled == {"bpm"}


def test_providers_are_asked_in_rounds_and_only_when_needed() -> None:
    configuration = configured(
        ("bpm", False, [("deezer", 0.9)]),
        ("isrc", True, [("spotify", 0.9), ("deezer", 0.9), ("musicbrainz", 0.9)]),
    )
    assert next_providers(configuration, {}) == ["deezer", "spotify"]
    sources = {
        "deezer": found(candidate("a", "b", provider="deezer", bpm=120)),
        "spotify": unanswered("spotify", Outcome.NOT_FOUND),
    }
    assert next_providers(configuration, sources) == ["musicbrainz"]
    sources["musicbrainz"] = unanswered("musicbrainz", Outcome.NOT_FOUND)
    assert next_providers(configuration, sources) == []


def test_a_provider_behind_others_is_not_asked_when_they_had_the_value() -> None:
    sources = {"deezer": found(candidate("a", "b", provider="deezer", bpm=120))}
    assert next_providers(BPM, sources) == []


def test_a_disabled_source_is_neither_asked_nor_used() -> None:
    configuration = configured(("bpm", True, [("deezer", 0.9), ("spotify", 0.8)]))
    configuration.fields[0].sources[0].enabled = False
    assert next_providers(configuration, {}) == ["spotify"]
    sources = {"deezer": found(candidate("a", "b", provider="deezer", bpm=128))}
    assert resolve(configuration, sources).values == {}


def test_completeness_counts_the_configured_fields() -> None:
    configuration = configured(
        ("bpm", False, [("deezer", 0.9)]),
        ("artist_name", True, [("deezer", 0.9)]),
        ("isrc", True, [("x", 1)]),
    )
    resolution = resolve(configuration, {"deezer": found(candidate("a", "b", provider="deezer", bpm=120))})
    assert resolution.share_of_fields(resolution.values) == pytest.approx(2 / 3)
    assert resolution.missing == {"isrc"}
    assert resolution.required == {"artist_name", "isrc"}
    assert resolution.sources_used == ["deezer"]
