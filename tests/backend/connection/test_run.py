"""The test as a whole: everything beside one another, nothing for ever."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from backend.connection.check import Check, Deadline, met, run_checks
from backend.connection.monitoring import check_monitoring
from backend.connection.questions import connection_test
from backend.contracts.connection import ConnectionReport
from backend.contracts.environment import ComposeSettings, Environment, Ports, TargetKind
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding
from backend.home import Home
from backend.targets.local import LocalTarget
from tests.backend.connection.engines import listening, silent
from tests.fixtures.answering import always, answering
from tests.fixtures.postgres import free_port


def _place(home: Home) -> Callable[[Environment], LocalTarget]:
    def place(environment: Environment) -> LocalTarget:
        return LocalTarget(environment, home.environment(environment.name), home.root)

    return place


def _ports() -> Ports:
    names = list(Ports.model_fields)
    return Ports(**dict(zip(names, {free_port() for _ in range(40)}, strict=False)))


def states(report: ConnectionReport) -> dict[str, CriterionState]:
    return {finding.key: finding.state for finding in report.findings}


def test_what_hangs_is_unknown_and_holds_nothing_up() -> None:
    stuck = threading.Event()

    def hang(_deadline: Deadline) -> Sequence[Finding]:
        stuck.wait(30)
        return []

    def raising(_deadline: Deadline) -> Sequence[Finding]:
        raise OperatorError("The door is shut.", "Open it.")

    def breaking(_deadline: Deadline) -> Sequence[Finding]:
        raise KeyError("odd")

    checks = [
        Check("hang", "Hangs", hang),
        Check("quick", "Quick", lambda _deadline: [met("quick", "Quick", "here")]),
        Check("raises", "Raises", raising),
        Check("breaks", "Breaks", breaking),
    ]
    deadline = Deadline(1)
    first, *_, last = run_checks("sandbox", checks, deadline)
    stuck.set()
    assert set(states(first).values()) == {CriterionState.CHECKING}
    assert states(last) == {
        "hang": CriterionState.UNKNOWN,
        "quick": CriterionState.MET,
        "raises": CriterionState.FAILED,
        "breaks": CriterionState.UNKNOWN,
    }
    assert last.finished
    assert last.verdict is CriterionState.FAILED
    assert deadline.elapsed < 3


def test_closing_it_cancels_what_is_under_way() -> None:
    seen: list[Deadline] = []
    begun = threading.Event()

    def wait(deadline: Deadline) -> Sequence[Finding]:
        seen.append(deadline)
        begun.set()
        deadline.cancelled.wait(30)
        return []

    reports = run_checks("sandbox", [Check("wait", "Waits", wait)], Deadline(30))
    next(reports)
    assert begun.wait(5)
    reports.close()  # type: ignore[attr-defined]
    assert seen[0].cancelled.is_set()


def test_a_local_environment_that_was_never_deployed(tmp_path: Path) -> None:
    environment = Environment(name="fresh", ports=_ports())
    *_, last = connection_test(environment, _place(Home(tmp_path)))
    found = states(last)
    assert found["ports"] is CriterionState.MET
    assert found["database"] is CriterionState.WARNING
    assert found["services"] is found["token"] is CriterionState.NOT_APPLICABLE
    assert not list(tmp_path.iterdir()), "a test leaves no trace"


def test_a_port_that_somebody_else_has_and_a_stranger_in_a_services_place(tmp_path: Path) -> None:
    with answering(always(200, b"{}")) as port:
        ports = _ports().model_copy(update={"gateway": port})
        environment = Environment(name="fresh", ports=ports)
        *_, last = connection_test(environment, _place(Home(tmp_path)))
    found = {finding.key: finding for finding in last.findings}
    assert found["port-gateway"].state is CriterionState.FAILED
    assert "another program answers" in found["service-api-gateway-internal"].evidence
    assert last.verdict is CriterionState.FAILED


def test_an_engine_that_never_answers_ends_with_the_deadline(tmp_path: Path) -> None:
    with listening(silent) as port:
        settings = ComposeSettings(docker_host=f"tcp://127.0.0.1:{port}")
        environment = Environment(
            name="far",
            kind=TargetKind.COMPOSE,
            ports=_ports(),
            compose=settings,
            grafana_url=f"http://127.0.0.1:{port}",
        )
        *_, last = connection_test(environment, _place(Home(tmp_path)), seconds=2)
    found = states(last)
    assert found["docker"] in (CriterionState.FAILED, CriterionState.UNKNOWN)
    assert found["grafana"] in (CriterionState.WARNING, CriterionState.UNKNOWN)
    assert last.seconds < 4


@pytest.mark.parametrize(
    ("name", "answer", "told"),
    [
        ("prometheus", b'{"status": "success", "data": {"version": "2.40"}}', ""),
        ("grafana", b'{"database": "ok", "version": "9"}', ""),
        ("grafana", b"[]", "is no Grafana, or it asks for a login"),
        ("prometheus", b"hello", "is no Prometheus"),
    ],
)
def test_prometheus_and_grafana_are_known_by_their_answers(name: str, answer: bytes, told: str) -> None:
    with answering(always(200, answer)) as port:
        (found,) = check_monitoring(name, f"http://127.0.0.1:{port}", Deadline(5))
    assert told in found.evidence
    assert (found.state is CriterionState.MET) == (not told)


def test_ports_of_another_machine_are_not_judged_from_here(tmp_path: Path) -> None:
    environment = Environment(name="far", host="192.0.2.7", ports=_ports())
    *_, last = connection_test(environment, _place(Home(tmp_path)), seconds=3)
    found = states(last)
    assert found["ports"] is CriterionState.NOT_APPLICABLE
    assert found["database"] in (CriterionState.WARNING, CriterionState.UNKNOWN)
    assert last.seconds < 5
