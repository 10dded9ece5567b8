"""The values of a track under a configuration."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from backend.contracts.gateway import Outcome
from backend.contracts.waterfall import OnDisagreement
from backend.services.metadata_enrichment.waterfall.resolution import resolve, sources_needed
from tests.backend.services.metadata_enrichment.waterfall.evidence import (
    by_provider,
    configured,
    field,
    found,
    in_vain,
    step,
    unmatched,
)


def test_a_value_leads_back_to_the_bytes_it_came_from() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    source = replace(
        found("deezer", bpm=128, isrc="GBTDG0900141"),
        lookup_fields=frozenset({"bpm"}),
        lookup_response_id="record",
        received_at=at,
    )
    configuration = configured(field("bpm", "spotify", "deezer"), field("isrc", "deezer"))
    resolution = resolve(configuration, by_provider(in_vain("spotify"), source))
    bpm, isrc = resolution.provenance["bpm"], resolution.provenance["isrc"]
    assert (bpm.provider, bpm.position, bpm.confidence) == ("deezer", 2, 0.9)
    assert (bpm.config_version, bpm.degraded_by, bpm.found_at) == (7, ["spotify"], at)
    assert (bpm.response_id, isrc.response_id) == ("record", "search-deezer")
    assert resolution.unsettled == {"bpm"}


def test_sources_are_asked_in_rounds_and_only_when_needed() -> None:
    configuration = configured(
        field("bpm", "deezer"), field("isrc", "spotify", "deezer", "musicbrainz", required=True)
    )
    assert sources_needed(configuration, {}) == ["deezer", "spotify"]
    evidence = by_provider(found("deezer", bpm=120), in_vain("spotify", Outcome.NOT_FOUND))
    assert sources_needed(configuration, evidence) == ["musicbrainz"]
    evidence |= by_provider(unmatched("musicbrainz"))
    assert sources_needed(configuration, evidence) == []


def test_completeness_counts_the_configured_fields() -> None:
    configuration = configured(
        field("bpm", "deezer"),
        field("artist_name", "deezer", required=True),
        field("isrc", "deezer", required=True),
    )
    resolution = resolve(configuration, by_provider(found("deezer", bpm=120, artist_name="b")))
    assert resolution.share_of_fields(resolution.values) == pytest.approx(2 / 3)
    assert resolution.missing == {"isrc"}
    assert resolution.required == {"artist_name", "isrc"}
    assert resolution.sources_used == ["deezer"]


def test_whoever_has_another_value_is_recorded_whatever_the_policy() -> None:
    date = field("release_date", "spotify", "musicbrainz", "discogs", step("beatport", enabled=False))
    evidence = by_provider(
        found("spotify", release_date="2011"),
        found("musicbrainz", release_date="2009-09-22"),
        found("discogs", release_date="2011-05-01"),
        found("beatport", release_date="1999"),
    )
    for policy in OnDisagreement:
        configuration = configured(date.model_copy(update={"on_disagreement": policy}))
        (one,) = resolve(configuration, evidence).disagreements
        assert (one.field, one.policy, one.winner, one.value) == ("release_date", policy, "spotify", "2011")
        assert one.others == {"musicbrainz": "2009-09-22", "discogs": "2011-05-01"}


def test_what_is_no_contradiction_is_not_recorded() -> None:
    configuration = configured(
        field("track_title", "spotify", "discogs"),
        field("artwork_url", "spotify", "discogs"),
        field("label", "spotify", step("discogs", 0.5)),
    )
    evidence = by_provider(
        found("spotify", track_title="Strobe - Original Mix", artwork_url="https://a", label="mau5trap"),
        found("discogs", track_title="STROBE (Original Mix)", artwork_url="https://b", label="Ultra"),
    )
    assert resolve(configuration, evidence).disagreements == ()
