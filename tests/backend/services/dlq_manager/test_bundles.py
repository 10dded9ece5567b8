"""Sealed bundles: complete, without secrets, refused when changed, replayed in sandboxes alone."""

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from app.bundle_replay import replay_bundle
from backend.clients.dead_letter_bundle import BundleReader
from backend.contracts.dead_letter_bundle import LETTERS_HEADER
from backend.contracts.environment import Environment, Ports, ProviderMode, TargetKind, Tier
from backend.contracts.errors import OperatorError
from backend.database.address import DatabaseAddress
from backend.services.dlq_manager.app import create_app
from backend.services.dlq_manager.settings import DlqSettings
from tests.backend.services.dlq_manager.manager import BODY, TOKEN, ManagerAddress, dead
from tests.backend.services.dlq_manager.test_endpoints import stored
from tests.fixtures.provider_simulator import serving
from tests.waiting import wait_until

SECRET = b'{"track_id": "t-2", "api_token": "hunter2222", "n": 9223372036854775808}'


@pytest.fixture
async def filled(served: ManagerAddress) -> ManagerAddress:
    """Three letters: one as usual, one with a secret, one that is edited and not JSON."""
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    error = "refused: Authorization: Bearer hunter2222"
    await served.publish(
        dead("plain"), dead("secret", body=SECRET, error=error), dead("odd", body=b"\xff\x00")
    )
    wait_until(lambda: stored(served, 3))
    edit = {"version": 1, "payload_text": "{}", "author": "ann", "reason": "typo"}
    assert served.ask("POST", "/dlq/letters/odd/edit", json=edit).status_code == 200
    return served


def export(served: ManagerAddress, folder: Path, **selection: Any) -> Path:
    answer = served.ask("POST", "/dlq/export", json={"selection": selection, "author": "ann"})
    assert answer.status_code == 200, answer.text
    path = folder / f"bundle-{answer.headers[LETTERS_HEADER]}.tar.gz"
    path.write_bytes(answer.content)
    return path


def test_a_bundle_holds_everything_but_the_secrets(filled: ManagerAddress, tmp_path: Path) -> None:
    path = export(filled, tmp_path)
    with BundleReader(path) as bundle:
        bundle.verify()
        letters = {letter.message_id: letter for letter in bundle.letters()}
        manifest = bundle.manifest
    assert (manifest.letters, manifest.masked, manifest.author) == (3, 1, "ann")
    assert letters["plain"].body == BODY
    assert letters["secret"].body == SECRET.replace(b"hunter2222", b"[redacted]")
    assert (letters["odd"].body, letters["secret"].is_masked) == (b"{}", True)
    with tarfile.open(path) as tar:
        contents = {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore[union-attr]
    assert not [name for name, content in contents.items() if b"hunter2222" in content]
    (odd,) = [json.loads(content) for name, content in contents.items() if b'"message_id": "odd"' in content]
    assert contents[f"{odd['folder']}/payload"] == b"\xff\x00"
    assert [entry["action"] for entry in odd["audit"]] == ["received", "edited (revision 1)"]
    assert (len(odd["attempts"]), odd["headers"]["sn-failure"][:2], odd["revision"]) == (1, '{"', 1)


def test_selections_that_match_nothing_or_too_much_are_said(filled: ManagerAddress) -> None:
    asked = {"selection": {"message_ids": ["nope"]}, "author": "ann"}
    nothing = filled.ask("POST", "/dlq/export", json=asked)
    assert (nothing.status_code, nothing.json()["detail"][:24]) == (404, "No dead letter matches, ")


def _damaged(path: Path, change: Callable[[tarfile.TarInfo, bytes], bytes | None], *more: str) -> Path:
    target = path.with_name("damaged.tar.gz")
    with tarfile.open(path) as old, tarfile.open(target, "w:gz") as new:
        for member in old.getmembers():
            content = change(member, old.extractfile(member).read())  # type: ignore[union-attr]
            if content is not None:
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
        for name in more:
            new.addfile(tarfile.TarInfo(name), io.BytesIO())
    return target


def test_a_bundle_that_is_not_whole_is_refused(filled: ManagerAddress, tmp_path: Path) -> None:
    path = export(filled, tmp_path)

    def is_payload(member: tarfile.TarInfo) -> bool:
        return member.name == "letters/00001/payload"

    with (
        BundleReader(_damaged(path, lambda m, c: c[::-1] if is_payload(m) else c)) as bundle,
        pytest.raises(OperatorError, match="is not what was sealed"),
    ):
        bundle.verify()
    with (
        BundleReader(_damaged(path, lambda m, c: None if is_payload(m) else c)) as bundle,
        pytest.raises(OperatorError, match="missing"),
    ):
        bundle.verify()
    with (
        BundleReader(_damaged(path, lambda _m, c: c, "letters/x")) as bundle,
        pytest.raises(OperatorError, match="not in its manifest"),
    ):
        bundle.verify()
    with pytest.raises(OperatorError, match="no manifest"):
        BundleReader(_damaged(path, lambda m, c: None if m.name == "manifest.json" else c))
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(OperatorError, match="cannot be read as a bundle"):
        BundleReader(cut)


@dataclass(frozen=True)
class Place:
    """A stack as the command line knows it."""

    environment: Environment
    operations: DatabaseAddress

    def admin_token(self) -> str:
        return TOKEN

    def musicdb(self) -> DatabaseAddress:
        return self.operations

    def operations_database(self) -> DatabaseAddress:
        return self.operations


@pytest.fixture
def sandbox(operations_db: DatabaseAddress) -> Iterator[Place]:
    """A manager that says that it is one, over the same database as the other."""
    settings = DlqSettings(
        admin_token=SecretStr(TOKEN),
        database_host=operations_db.host,
        database_port=operations_db.port,
        database_user=operations_db.user,
        operations_database=operations_db.name,
        database_password=SecretStr(operations_db.password or ""),
        sandbox=True,
    )
    with serving(create_app(settings)) as url:
        ports = Ports(dlq_manager=urlsplit(url).port or 0)
        yield Place(Environment(name="sandbox", ports=ports), operations_db)


def test_a_bundle_is_replayed_in_a_sandbox(filled: ManagerAddress, sandbox: Place, tmp_path: Path) -> None:
    there = ManagerAddress(sandbox.environment.url("dlq-manager"), sandbox.operations)
    wait_until(lambda: len(there.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    told: list[tuple[int, int]] = []
    replayed = replay_bundle(sandbox, export(filled, tmp_path), lambda sent, of: told.append((sent, of)))
    assert (replayed.sent, replayed.masked, replayed.left_out, told) == (3, 1, {}, [(3, 3)])
    with sandbox.operations.connect() as connection:
        sent = connection.execute("SELECT body FROM broker.messages WHERE queue = 'enrichment.requests'")
        bodies = sorted(bytes(row[0]) for row in sent.fetchall())
    assert bodies == sorted([BODY, SECRET.replace(b"hunter2222", b"[redacted]"), b"{}"])


@pytest.mark.parametrize(
    "change",
    [{"kind": TargetKind.COMPOSE}, {"tier": Tier.STAGING}, {"providers": {"discogs": ProviderMode.LIVE}}],
)
def test_nothing_is_replayed_where_something_is_at_stake(
    operations_db: DatabaseAddress, tmp_path: Path, change: dict[str, Any]
) -> None:
    place = Place(Environment(name="dear", **change), operations_db)
    with pytest.raises(OperatorError, match="nothing was sent"):
        replay_bundle(place, tmp_path / "never-read", lambda _sent, _of: None)


def test_other_stacks_have_no_such_endpoint(served: ManagerAddress) -> None:
    body = {"letters": [{"message_id": "m", "payload_base64": "e30="}]}
    assert served.ask("POST", "/dlq/sandbox/requests", json=body).status_code == 404
