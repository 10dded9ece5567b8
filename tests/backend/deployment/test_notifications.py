import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backend.deployment.notifications import Addresses, Message, notify, push_metrics

MESSAGE = Message("success", "Deployment succeeded", "after 12 s", "staging", "build-7")


@dataclass
class Receiver:
    """A webhook receiver on this machine."""

    url: str = ""
    status: int = 200
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    seen = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.requests.append((self.command, self.path, body))
            self.send_response(seen.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = _take  # noqa: N815 - the names that http.server looks for
        do_PUT = _take  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """The test looks at what was received."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_port}"
    yield seen
    server.shutdown()
    server.server_close()
    thread.join()


def test_slack_and_discord_get_their_own_shapes(receiver: Receiver) -> None:
    addresses = Addresses(slack=f"{receiver.url}/slack", discord=f"{receiver.url}/discord")
    assert notify(addresses, MESSAGE) == []
    bodies = {path: json.loads(body) for _, path, body in receiver.requests}
    attachment = bodies["/slack"]["attachments"][0]
    assert attachment["color"] == "good"
    assert [f["title"] for f in attachment["fields"]] == ["Status", "Environment", "Deployment ID"]
    assert bodies["/discord"]["embeds"][0]["color"] == 5763719


def test_metrics_have_a_fixed_grouping_key_and_a_last_newline(receiver: Receiver) -> None:
    assert push_metrics(Addresses(pushgateway=receiver.url), "staging", 12.34, succeeded=True) == []
    method, path, body = receiver.requests[0]
    assert (method, path) == ("PUT", "/metrics/job/songnodes_deployment/environment/staging")
    assert b"songnodes_deployment_duration_seconds 12.3\n" in body
    assert body.endswith(b"songnodes_deployment_success 1\n")


def test_a_refusing_or_dead_address_is_told_without_its_secret_path(receiver: Receiver) -> None:
    receiver.status = 500
    errors = notify(Addresses(slack=f"{receiver.url}/sentinel-secret"), MESSAGE)
    errors += notify(Addresses(discord="http://127.0.0.1:9/sentinel-secret"), MESSAGE)
    errors += push_metrics(Addresses(pushgateway="http://127.0.0.1:9"), "staging", 1, succeeded=False)
    assert [error.split()[0] for error in errors] == ["Slack", "Discord", "The"]
    assert "sentinel-secret" not in " ".join(errors)
