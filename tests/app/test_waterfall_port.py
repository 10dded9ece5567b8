"""The console's waterfall port, against the service's real application and database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.waterfall_port import Waterfall
from backend.contracts.environment import Environment, Ports
from backend.contracts.errors import OperatorError
from backend.contracts.replay import PreviewRequest
from backend.contracts.runs import ExitCode
from backend.contracts.waterfall import (
    WaterfallChange,
    WaterfallConflictError,
    WaterfallDraft,
    WaterfallField,
)
from backend.contracts.waterfall_diff import diff
from backend.database.address import DatabaseAddress
from backend.home import Home
from backend.services.metadata_enrichment.app import create_app
from tests.backend.services.metadata_enrichment.configuration.operator import with_label_threshold
from tests.backend.services.metadata_enrichment.serving import TOKEN, settings_for
from tests.fixtures.answering import always, answering
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import serving

HERE = "sandbox"
Port = Callable[..., Waterfall]


@dataclass(frozen=True)
class Place:
    """A stack as the port needs it."""

    port: int
    token: str = TOKEN

    @property
    def environment(self) -> Environment:
        return Environment(name=HERE, ports=Ports(enrichment=self.port, gateway=free_port()))

    def admin_token(self) -> str:
        return self.token


@pytest.fixture
def port_at(home: Home) -> Port:
    """Ports to whatever listens on a port of this machine."""
    return lambda port, token=TOKEN: Waterfall(lambda _name: Place(port, token), home)


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def service_port(musicdb: DatabaseAddress) -> Iterator[int]:
    """The port of the service alone."""
    with serving(create_app(settings_for(musicdb, "no_broker_here"))) as url:
        yield int(url.rsplit(":", 1)[1])


def changed(waterfall: Waterfall, least: float) -> WaterfallChange:
    """A small change of the version in force."""
    now = waterfall.configuration(HERE)
    return WaterfallChange(
        base_version=now.version,
        author=waterfall.operator(),
        comment="a test",
        fields=with_label_threshold(now.fields, least),
    )


def test_versions_come_typed_and_a_change_is_the_next_one(port_at: Port, service_port: int) -> None:
    waterfall = port_at(service_port)
    change = changed(waterfall, 0.31)
    made = waterfall.apply(HERE, change)
    assert (made.version, made.author) == (3, waterfall.operator())
    assert waterfall.configuration(HERE) == made
    assert waterfall.version(HERE, 2).author == "migration 006"
    assert [row.version for row in waterfall.versions(HERE, None, 10)] == [3, 2, 1]
    assert [row.version for row in waterfall.versions(HERE, 2, 10)] == [1]
    coverage = {row.field: row.filled for row in waterfall.coverage(HERE)}
    assert coverage == {field.field: 0 for field in made.fields}


def test_somebody_elses_version_is_a_conflict_with_what_came_first(port_at: Port, service_port: int) -> None:
    mine, theirs = port_at(service_port), port_at(service_port)
    change = changed(mine, 0.31)
    newer = theirs.apply(HERE, changed(theirs, 0.32))
    with pytest.raises(WaterfallConflictError, match="Version 3 by") as conflict:
        mine.apply(HERE, change)
    assert conflict.value.in_force == newer
    assert conflict.value.exit_code == ExitCode.REFUSED


def test_what_the_service_refuses_is_told_in_its_words(port_at: Port, service_port: int) -> None:
    waterfall = port_at(service_port)
    change = changed(waterfall, 0.31)
    change.fields[0].sources[0].provider = "tidal"
    with pytest.raises(OperatorError, match="no provider tidal") as refused:
        waterfall.apply(HERE, change)
    assert refused.value.exit_code == ExitCode.REFUSED
    with pytest.raises(OperatorError, match="no version 9") as unknown:
        waterfall.version(HERE, 9)
    assert unknown.value.exit_code == ExitCode.USAGE
    with pytest.raises(OperatorError, match="admin token"):
        port_at(service_port, "guess").configuration(HERE)
    assert waterfall.configuration(HERE).version == 2


def test_a_conflict_of_another_kind_is_told_in_its_own_words(port_at: Port) -> None:
    with answering(always(409, b'{"detail": "The run has ended."}')) as port:
        with pytest.raises(OperatorError, match="The run has ended") as told:
            port_at(port).configuration(HERE)
        assert not isinstance(told.value, WaterfallConflictError)


BPM = WaterfallField(field="bpm", required_for_gold=False, sources=[])
ASKING: tuple[Callable[[Waterfall], object], ...] = (
    lambda port: port.configuration(HERE),
    lambda port: port.versions(HERE, None, 10),
    lambda port: port.version(HERE, 1),
    lambda port: port.coverage(HERE),
    lambda port: port.capabilities(HERE),
    lambda port: port.preview(
        HERE, PreviewRequest(fields=[{"field": "bpm", "required_for_gold": False, "sources": []}])
    ),
)


@pytest.mark.parametrize("ask", ASKING)
def test_a_service_that_is_not_there_is_said_to_be_so(
    ask: Callable[[Waterfall], object], port_at: Port
) -> None:
    with pytest.raises(OperatorError, match="nothing listens there"):
        ask(port_at(free_port()))


def test_a_draft_outlives_the_console_and_the_service(
    port_at: Port, home: Home, musicdb: DatabaseAddress
) -> None:
    with serving(create_app(settings_for(musicdb, "no_broker_here"))) as url:
        before = port_at(int(url.rsplit(":", 1)[1]))
        base = before.configuration(HERE)
        fields = with_label_threshold(base.fields, 0.44)
        assert before.draft(HERE) is None
        before.keep_draft(HERE, WaterfallDraft(base=base, fields=fields, changed_at=datetime.now(UTC)))
    kept = port_at(free_port()).draft(HERE)
    assert kept is not None
    assert (kept.base, diff(kept.fields, fields)) == (base, [])
    port_at(free_port()).drop_draft(HERE)
    assert port_at(free_port()).draft(HERE) is None
