"""Whatever a service answers, or does not, the operator is told what it means."""

import json
import threading
from http.server import BaseHTTPRequestHandler

import pytest
from pydantic import BaseModel, TypeAdapter

from backend.clients.json_service import JsonService
from backend.contracts.environment import ENRICHMENT, Environment, Ports
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from tests.fixtures.answering import always, answering
from tests.fixtures.postgres import free_port


class Thing(BaseModel):
    """What is asked for."""

    name: str


KIND = TypeAdapter(Thing)


def service(port: int, *, token: str = "", timeout: float = 5.0) -> JsonService:
    environment = Environment(name="sandbox", ports=Ports(enrichment=port))
    return JsonService(environment, ENRICHMENT, token, timeout)


def told(status: int, body: object) -> OperatorError:
    """The error that comes of an answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with answering(always(status, content)) as port, pytest.raises(OperatorError) as caught:
        service(port).get("/thing", KIND)
    return caught.value


def test_what_is_asked_and_sent_arrives_and_the_answer_comes_typed() -> None:
    seen: list[tuple[str, str, str | None, bytes]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        seen.append((handler.command, handler.path, handler.headers["authorization"], body))
        handler.send_response(201)
        handler.end_headers()
        handler.wfile.write(b'{"name": "label", "more": 1}')

    with answering(answer) as port:
        calls = service(port, token="sentinel")
        assert calls.get("/thing", KIND, before=None, limit=2) == Thing(name="label")
        assert calls.post("/thing", KIND, {"a": 1}, timeout=9.0) == Thing(name="label")
        assert service(port).get("/thing", KIND).name == "label"
    assert seen == [
        ("GET", "/thing?limit=2", "Bearer sentinel", b""),
        ("POST", "/thing", "Bearer sentinel", b'{"a":1}'),
        ("GET", "/thing", None, b""),
    ]


@pytest.mark.parametrize(
    ("status", "body", "words", "code"),
    [
        (401, {"detail": "This call needs the admin token."}, "needs the admin token", ExitCode.REFUSED),
        (404, {"detail": "There is no version 9."}, "no version 9", ExitCode.USAGE),
        (404, {"detail": "Not Found"}, "of a release that cannot be asked", ExitCode.FAILED),
        (
            422,
            {"detail": [{"loc": ["query", "limit"], "msg": "too many"}]},
            "limit: too many",
            ExitCode.USAGE,
        ),
        (409, {"detail": "Somebody was first."}, "Somebody was first", ExitCode.FAILED),
        (503, {"detail": "The database is away."}, "database is away", ExitCode.FAILED),
        (500, b"Internal Server Error", "answered with HTTP 500", ExitCode.FAILED),
        (422, {"detail": ["odd"]}, "answered with HTTP 422", ExitCode.USAGE),
        (422, {"detail": [{"loc": [], "msg": "odd"}]}, "answered with HTTP 422", ExitCode.USAGE),
        (502, ["odd"], "answered with HTTP 502", ExitCode.FAILED),
        (307, b"", "answered with HTTP 307", ExitCode.FAILED),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_service(
    status: int, body: object, words: str, code: int
) -> None:
    error = told(status, body)
    assert words in error.message
    assert error.exit_code == code


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"<html>a shop</html>", "the answer: Invalid JSON"),
        ({"title": "label"}, "name: Field required"),
        (["label"], "the answer: Input should be"),
        (b"", "the answer: Invalid JSON"),
    ],
)
def test_an_answer_of_another_program_is_not_taken_for_the_service(body: object, place: str) -> None:
    error = told(200, body)
    assert place in error.message
    assert "another program has the port" in error.remedy


def test_a_service_that_is_not_there_is_said_to_be_so() -> None:
    with pytest.raises(OperatorError, match="nothing listens there") as caught:
        service(free_port()).get("/thing", KIND)
    assert caught.value.remedy.endswith("main.py up")


def test_a_service_that_is_silent_is_given_up() -> None:
    done = threading.Event()

    def silent(_handler: BaseHTTPRequestHandler) -> None:
        done.wait(20)

    with answering(silent) as port:
        with pytest.raises(OperatorError, match="no answer in time"):
            service(port, timeout=0.1).get("/thing", KIND)
        with pytest.raises(OperatorError, match="no answer in time"):
            service(port, timeout=60).get("/thing", KIND, timeout=0.1)
        done.set()


def test_a_connection_that_breaks_is_told() -> None:
    def broken(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()

    with answering(broken) as port, pytest.raises(OperatorError, match="RemoteProtocolError"):
        service(port).get("/thing", KIND)
