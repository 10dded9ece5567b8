from datetime import timedelta

import pytest
from pytestqt.modeltest import ModelTester

from controllers.breakers_rows import Column, ProviderRow, provider_row
from controllers.breakers_table import BreakerTable, as_tsv
from tests.gui.sample import providers as samples
from tests.gui.sample.clock import MOMENT


def rows_at(seconds: float = 0) -> list[ProviderRow]:
    live = samples.failing(MOMENT)
    now = MOMENT + timedelta(seconds=seconds)
    return [provider_row(name, status, now) for name, status in live.providers.items()]


@pytest.fixture
def table(qapp: object) -> BreakerTable:
    return BreakerTable()


def changes(table: BreakerTable) -> list[tuple[int, int, int]]:
    heard: list[tuple[int, int, int]] = []
    table.dataChanged.connect(
        lambda first, last, _roles: heard.append((first.row(), first.column(), last.column()))
    )
    return heard


def test_the_model_is_sound(table: BreakerTable, qtmodeltester: ModelTester) -> None:
    table.replace(rows_at())
    qtmodeltester.check(table)  # type: ignore[no-untyped-call]


def test_the_same_again_redraws_nothing(table: BreakerTable) -> None:
    table.replace(rows_at())
    heard = changes(table)
    table.replace(rows_at())
    assert heard == []


def test_a_tick_redraws_only_the_countdown(table: BreakerTable) -> None:
    table.replace(rows_at())
    heard = changes(table)
    table.replace(rows_at(seconds=1))
    assert heard == [(table.place_of("lastfm"), Column.STATE, Column.STATE)]


def test_neighbouring_cells_are_one_rectangle(table: BreakerTable) -> None:
    table.replace(rows_at())
    heard = changes(table)
    live = samples.failing(MOMENT)
    deezer = live.providers["deezer"]
    traffic = deezer.traffic.model_copy(update={"calls": 430, "p95_ms": 90.0, "cache_hits": 7})
    changed = deezer.model_copy(update={"traffic": traffic})
    rows = [row if row.name != "deezer" else provider_row("deezer", changed, MOMENT) for row in rows_at()]
    table.replace(rows)
    place = table.place_of("deezer")
    # 1 of 410 and 1 of 430 are both 0.2 %: that cell is left alone.
    assert heard == [(place, Column.CALLS, Column.P95), (place, Column.CACHE, Column.CACHE)]


def test_rows_are_copied_with_their_titles() -> None:
    lines = as_tsv(rows_at()).splitlines()
    assert lines[0].split("\t")[:4] == ["Provider", "State", "Failure rate, 15 min", "Failing"]
    assert lines[3].split("\t")[:2] == ["discogs", "Half-open, probe 2 of 3"]
