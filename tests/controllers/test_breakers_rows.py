from datetime import timedelta

import pytest

from backend.contracts.providers import BreakerControl, BreakerState, ControlStatus, TrafficStatus
from controllers.breakers_conditions import MARKS, Condition, needs_somebody
from controllers.breakers_detail import endpoint_rows, impact_facts, state_facts, traffic_facts
from controllers.breakers_readings import spark_of
from controllers.breakers_rows import NONE, TITLES, Column, provider_row, unknown_row
from controllers.breakers_shades import shades
from tests.gui.sample import providers as samples
from tests.gui.sample.clock import MOMENT, StoppedClock

FAILING = samples.failing(MOMENT)


@pytest.mark.parametrize(
    ("name", "state", "gate"),
    [
        ("spotify", "Closed", "Flowing"),
        ("discogs", "Half-open, probe 2 of 3", "Flowing"),
        ("lastfm", "Open, probe in 12 s", "Cooling until "),
        ("beatport", "Forced open, by deploy@ws, 2 h", "Flowing"),
        ("itunes", "Closed", "Quota until "),
    ],
)
def test_states_in_words(name: str, state: str, gate: str) -> None:
    row = provider_row(name, FAILING.providers[name], MOMENT)
    assert row.cells[Column.STATE] == state
    assert row.cells[Column.GATE].startswith(gate)


def test_figures_have_units() -> None:
    row = provider_row("deezer", FAILING.providers["deezer"], MOMENT)
    figures = [row.cells[each] for each in (Column.FAILING, Column.CALLS, Column.P95, Column.BUDGET)]
    assert figures == ["0.2 %", "410", "71 ms", "48 / 50 in 5 s"]


def test_what_is_not_known_is_a_dash_and_never_zero() -> None:
    status = FAILING.providers["beatport"].model_copy(update={"traffic": TrafficStatus()})
    row = provider_row("beatport", status, MOMENT)
    for column in (Column.RATES, Column.FAILING, Column.P95, Column.CACHE):
        assert row.cells[column] == NONE, column
    assert set(unknown_row("beatport").cells[2:]) == {NONE}


@pytest.mark.parametrize(
    ("control", "quarantined", "expected"),
    [
        (BreakerControl.DISABLED, False, Condition.DISABLED),
        (BreakerControl.SHADOW, False, Condition.SHADOW),
        (BreakerControl.AUTOMATIC, True, Condition.QUARANTINED),
        (BreakerControl.FORCED_OPEN, True, Condition.FORCED_OPEN),
    ],
)
def test_what_an_operator_forced_comes_first(
    control: BreakerControl, quarantined: bool, expected: Condition
) -> None:
    status = FAILING.providers["lastfm"]
    forced = ControlStatus(control=control, author="a@b", reason="why", until=MOMENT + timedelta(hours=1))
    breaker = status.circuit_breaker.model_copy(update={"control": forced, "quarantined": quarantined})
    row = provider_row("lastfm", status.model_copy(update={"circuit_breaker": breaker}), MOMENT)
    assert row.condition is expected


def test_states_can_be_told_apart_without_colour() -> None:
    assert len({mark.word for mark in MARKS.values()}) == len(MARKS)
    assert len({mark.shape for mark in MARKS.values()}) == len(MARKS)


def test_shadow_mode_says_that_it_would_be_open() -> None:
    status = FAILING.providers["lastfm"]
    shadow = ControlStatus(control=BreakerControl.SHADOW, author="a@b", reason="why")
    breaker = status.circuit_breaker.model_copy(update={"control": shadow})
    row = provider_row("lastfm", status.model_copy(update={"circuit_breaker": breaker}), MOMENT)
    assert row.note == "by a@b, would be open"
    assert not needs_somebody(row.condition)


def test_a_row_speaks_every_column() -> None:
    spoken = provider_row("discogs", FAILING.providers["discogs"], MOMENT).spoken
    assert all(title in spoken for title in TITLES[1:])


def test_slices_without_calls_have_no_rate() -> None:
    history = samples.SampleProviders(StoppedClock()).history("sandbox", "beatport", 15)
    spark = spark_of(history)
    assert spark[0] is not None
    assert spark[-1] is None


def test_shades_do_not_overlap_and_open_outweighs_half_open() -> None:
    providers = samples.SampleProviders(StoppedClock())
    providers.current = samples.failing
    history = providers.history("sandbox", "discogs", 15)
    opened, half = history.intervals
    lookup = half.model_copy(
        update={"endpoint": "lookup", "start": opened.start + timedelta(seconds=30), "end": None}
    )
    found = shades(history.model_copy(update={"intervals": [opened, half, lookup]}), MOMENT)
    assert [(each.state, each.start, each.end) for each in found] == [
        (BreakerState.OPEN, opened.start, opened.end),
        (BreakerState.HALF_OPEN, half.start, MOMENT),
    ]


def test_the_details_say_why_and_what_comes_next() -> None:
    facts = {fact.name: fact.value for fact in state_facts(FAILING.providers["lastfm"], MOMENT)}
    assert facts["Opened by"] == "17 of 22 calls failed in 60 s"
    assert facts["Next probe"] == "in 12 s"
    assert facts["Since"].endswith("(18 s ago) · epoch 3")
    traffic = {fact.name: fact.value for fact in traffic_facts(FAILING.providers["discogs"], MOMENT)}
    assert traffic["Last error"].startswith(
        "503 Service Unavailable (failure on search, 48 s ago) · request 8f2a"
    )
    assert traffic["Last minute"] == "9 calls: 5 ok, 2 not found, 2 failure, 61 refused by the breaker"
    rows = {row.key: row.mark.word for row in endpoint_rows(FAILING.providers["discogs"], MOMENT)}
    assert rows == {"search": "half-open", "lookup": "closed", "host": "closed"}


def test_what_could_not_be_read_is_unknown() -> None:
    assert {fact.value for fact in impact_facts(None, is_open=True)} == {"Unknown: could not be read"}
    impact = samples.SampleProviders(StoppedClock()).impact("sandbox", "discogs")
    unread = impact.model_copy(update={"dead_letters": None, "fields": None, "covered_by": None})
    assert {fact.value for fact in impact_facts(unread, is_open=True)} == {"Unknown: could not be read"}
