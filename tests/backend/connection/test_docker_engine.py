"""What is said of a Docker host, against real sockets that are wrong in each way."""

import multiprocessing
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from backend.connection.check import Deadline
from backend.connection.docker_engine import check_engine
from backend.contracts.environment import ComposeSettings
from backend.contracts.runs import CriterionState, Finding
from tests.backend.connection.engines import (
    ANSWER,
    Authority,
    Serve,
    closing,
    http,
    listening,
    listening_on,
    raw,
    silent,
)
from tests.fixtures.postgres import free_port

NOBODY = 65534


def asked(host: str, tls_folder: Path | None = None, seconds: float = 5) -> Sequence[Finding]:
    settings = ComposeSettings(docker_host=host, tls_folder=str(tls_folder) if tls_folder else None)
    return check_engine(settings, Deadline(seconds))


def problem(host: str, tls_folder: Path | None = None, seconds: float = 5) -> str:
    found = asked(host, tls_folder, seconds)[0]
    assert found.state is CriterionState.FAILED
    assert found.remedy
    return found.evidence


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority, Path]:
    """Two authorities, and the folder of a client of the first."""
    folder = tmp_path_factory.mktemp("tls")
    ours, other = Authority(folder / "ours"), Authority(folder / "other")
    return ours, other, ours.client_folder(folder / "client", trusts=ours)


def test_a_socket_that_answers_is_told_with_its_version(tmp_path: Path) -> None:
    with listening_on(tmp_path / "d.sock", http(ANSWER)):
        (found,) = asked(f"unix://{tmp_path}/d.sock")
    assert (found.state, found.evidence) == (
        CriterionState.MET,
        f"version 20.10.24 on unix://{tmp_path}/d.sock",
    )


def test_an_old_engine_is_refused(tmp_path: Path) -> None:
    with listening_on(tmp_path / "d.sock", http(b'{"Version": "19.03.15"}')):
        assert "19.03.15" in problem(f"unix://{tmp_path}/d.sock")


def _as_nobody(host: str, answers: "multiprocessing.SimpleQueue[str]") -> None:
    if os.getuid() == 0:
        os.setgroups([])
        os.setuid(NOBODY)
    answers.put(problem(host))


def test_a_socket_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "d.sock"
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.SimpleQueue[str] = context.SimpleQueue()
    with listening_on(path, http(ANSWER)):
        path.chmod(0o660 if os.getuid() == 0 else 0)
        process = context.Process(target=_as_nobody, args=(f"unix://{path}", answers))
        process.start()
        process.join(10)
        assert process.exitcode == 0
    assert answers.get() == f"no permission to use the socket {path}"


def test_a_socket_that_is_not_there_and_one_left_behind(tmp_path: Path) -> None:
    assert problem(f"unix://{tmp_path}/none.sock") == f"there is no socket {tmp_path}/none.sock"
    with listening_on(tmp_path / "left.sock", silent):
        pass
    assert problem(f"unix://{tmp_path}/left.sock").startswith("nothing listens on the socket")


@pytest.mark.parametrize(
    ("serve", "told"),
    [
        (raw(b"220 mail.example ESMTP\r\n"), "is no Docker engine"),
        (http(b"<html>hello</html>"), "is no Docker engine"),
        (http(b"Client sent an HTTP request to an HTTPS server.\n", "400 Bad Request"), "expects TLS"),
        (closing, "closed the connection without an answer"),
    ],
)
def test_a_listener_that_is_no_engine(serve: Serve, told: str) -> None:
    with listening(serve) as port:
        assert told in problem(f"tcp://127.0.0.1:{port}")


def test_a_listener_that_says_nothing_ends_in_time() -> None:
    deadline = Deadline(1)
    with listening(silent) as port:
        found = check_engine(ComposeSettings(docker_host=f"tcp://127.0.0.1:{port}"), deadline)[0]
        assert found.evidence.endswith("takes the connection and then says nothing")
    assert deadline.elapsed < 2


def test_a_host_that_refuses_and_a_name_that_is_not_known() -> None:
    assert "refuses the connection" in problem(f"tcp://127.0.0.1:{free_port()}")
    assert problem("tcp://no-such-host.invalid:2375") == "the name no-such-host.invalid is not known"


def test_tls_with_the_right_authority(authorities: tuple[Authority, Authority, Path]) -> None:
    ours, _, client = authorities
    with listening(http(ANSWER), ours.server()) as port:
        (found,) = asked(f"tcp://127.0.0.1:{port}", client)
    assert found.state is CriterionState.MET


def test_tls_with_what_is_wrong_about_the_certificates(
    authorities: tuple[Authority, Authority, Path], tmp_path: Path
) -> None:
    ours, other, client = authorities
    with listening(http(ANSWER), other.server()) as port:
        assert "is not signed by ca.pem" in problem(f"tcp://127.0.0.1:{port}", client)
    with listening(http(ANSWER), ours.server("DNS:elsewhere.example")) as port:
        assert "is for another host" in problem(f"tcp://127.0.0.1:{port}", client)
    stranger = other.client_folder(tmp_path / "stranger", trusts=ours)
    with listening(http(ANSWER), ours.server()) as port:
        assert "refuses our client certificate" in problem(f"tcp://127.0.0.1:{port}", stranger)
    with listening(http(ANSWER)) as port:
        assert "speaks no TLS" in problem(f"tcp://127.0.0.1:{port}", client)


def test_a_folder_without_usable_certificates(
    authorities: tuple[Authority, Authority, Path], tmp_path: Path
) -> None:
    with listening(silent) as port:
        where = f"tcp://127.0.0.1:{port}"
        assert problem(where, tmp_path) == f"{tmp_path}/ca.pem cannot be read: no such file or directory"
        for name in ("ca.pem", "cert.pem", "key.pem"):
            (tmp_path / name).write_text("nothing")
        assert "are no certificates" in problem(where, tmp_path)


def test_ssh_to_a_port_where_nobody_listens_and_to_no_ssh_server() -> None:
    assert problem(f"ssh://nobody@127.0.0.1:{free_port()}") == "no ssh server listens on 127.0.0.1"
    with listening(silent) as port:
        deadline = Deadline(3)
        host = f"ssh://nobody@127.0.0.1:{port}"
        (found,) = check_engine(ComposeSettings(docker_host=host), deadline)
        assert found.evidence in ("ssh did not end in time", "127.0.0.1 does not answer")
        assert deadline.elapsed < 4
