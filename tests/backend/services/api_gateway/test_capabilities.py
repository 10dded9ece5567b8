"""Which provider gives which field."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from backend.contracts.environment import PROVIDERS
from backend.contracts.providers import CapabilityState, EndpointClass
from backend.services.api_gateway.calls.switches import SwitchedOff
from backend.services.api_gateway.capabilities import capabilities, known_providers
from backend.services.metadata_enrichment.waterfall.fields import is_known

CLOSED = SwitchedOff(datetime(2026, 11, 25, 12, tzinfo=UTC), "the provider answered with HTTP 403")


def states(provider: str, closed: dict[EndpointClass, SwitchedOff] | None = None) -> dict[str, str]:
    """State by field."""
    given = capabilities({provider: closed or {}})
    return {entry.field: entry.state for entry in given if entry.provider == provider}


def test_every_registered_provider_is_listed_and_no_field_twice() -> None:
    assert set(PROVIDERS) <= known_providers()
    counted = Counter((entry.provider, entry.field) for entry in capabilities({}))
    assert [pair for pair, count in counted.items() if count > 1] == []


def test_every_field_is_one_that_the_waterfall_knows() -> None:
    assert [entry.field for entry in capabilities({}) if not is_known(entry.field)] == []


@pytest.mark.parametrize(("provider", "since"), [("acousticbrainz", "2022"), ("spotify", "2024-11-27")])
def test_tempo_and_key_ended_there_and_it_is_said_since_when_and_why(provider: str, since: str) -> None:
    given = [e for e in capabilities({}) if e.provider == provider and e.field in {"bpm", "musical_key"}]
    assert [(entry.state, entry.since) for entry in given] == [(CapabilityState.ENDED, since)] * 2
    assert all(entry.note for entry in given)


def test_whatever_is_not_live_says_why() -> None:
    silent = [entry for entry in capabilities({}) if entry.state != CapabilityState.LIVE and not entry.note]
    assert silent == []


def test_a_kind_of_calls_that_was_closed_restricts_the_fields_it_gives_and_no_others() -> None:
    closed = {EndpointClass.LOOKUP: CLOSED}
    assert states("deezer")["bpm"] == CapabilityState.LIVE
    assert states("deezer", closed)["bpm"] == CapabilityState.RESTRICTED
    assert states("spotify", closed)["bpm"] == CapabilityState.ENDED
    assert states("coverartarchive", closed)["artwork_url"] == CapabilityState.LIVE
    tempo = next(e for e in capabilities({"deezer": closed}) if (e.provider, e.field) == ("deezer", "bpm"))
    assert tempo.since == "2026-11-25"
    assert tempo.note.startswith("Closed to us: the provider answered with HTTP 403. Tried once a day.")
