"""Sends the payloads of a sealed bundle to the work queue of a local sandbox."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from uuid import UUID, uuid4, uuid5

from pydantic import TypeAdapter

from app.providers_port import Place
from backend.clients.dead_letter_bundle import BundleReader, ReplayedLetter
from backend.clients.json_service import JsonService
from backend.contracts.dead_letter_bundle import SandboxLetter, SandboxReplay, SandboxReplayed
from backend.contracts.environment import DLQ_MANAGER, PROVIDERS, Environment, ProviderMode, TargetKind, Tier
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.messaging.topology import ENRICHMENT_REQUESTS

_BATCH_LETTERS = 100
_BATCH_BYTES = 10_000_000
_SECONDS = 60.0

Progress = Callable[[int, int], None]


@dataclass
class ReplayedBundle:
    """What came of it."""

    sent: int = 0
    masked: int = 0
    """Of those sent, the ones in which secrets were masked: they may behave in another way here."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Letters of other queues, by queue."""


def refuse_what_is_no_sandbox(environment: Environment) -> None:
    """OperatorError unless it is a local stack for development in which no real provider is called."""
    live = [name for name in PROVIDERS if environment.provider_mode(name) is ProviderMode.LIVE]
    if environment.kind is not TargetKind.LOCAL or environment.tier is not Tier.DEV:
        why = f"is a {environment.tier.value} environment of kind {environment.kind.value}"
    elif live:
        why = f"calls {live[0]} for real"
    else:
        return
    raise OperatorError(
        f"{environment.name} {why}. Bundles are replayed in sandboxes only; nothing was sent.",
        "Name a local environment of the tier dev whose providers are all simulated.",
        exit_code=ExitCode.REFUSED,
    )


def replay_bundle(place: Place, path: Path, progress: Progress) -> ReplayedBundle:
    """Verify the bundle, then send its payloads, each under a new message id. OperatorError.

    Letters whose bytes were purged are not in it. `progress` is told how many of how many were sent.
    """
    environment = place.environment
    refuse_what_is_no_sandbox(environment)
    calls = JsonService(environment, DLQ_MANAGER, place.admin_token(), _SECONDS)
    run, replayed = uuid4(), ReplayedBundle()
    with BundleReader(path) as bundle:
        bundle.verify()
        letters = _for_the_work_queue(bundle.letters(), replayed)
        while batch := list(_batch(letters)):
            body = SandboxReplay(letters=[_sandbox_letter(run, letter) for letter in batch])
            answer = calls.post(
                "/dlq/sandbox/requests", TypeAdapter(SandboxReplayed), body.model_dump(mode="json")
            )
            replayed.sent += answer.published
            replayed.masked += sum(letter.is_masked for letter in batch)
            progress(replayed.sent, bundle.manifest.letters)
    return replayed


def _for_the_work_queue(
    letters: Iterator[ReplayedLetter], replayed: ReplayedBundle
) -> Iterator[ReplayedLetter]:
    for letter in letters:
        if letter.routing_key == ENRICHMENT_REQUESTS:
            yield letter
        else:
            replayed.left_out[letter.routing_key] = replayed.left_out.get(letter.routing_key, 0) + 1


def _batch(letters: Iterator[ReplayedLetter]) -> Iterator[ReplayedLetter]:
    size = 0
    for letter in islice(letters, _BATCH_LETTERS):
        yield letter
        size += len(letter.body)
        if size >= _BATCH_BYTES:
            return


def _sandbox_letter(run: UUID, letter: ReplayedLetter) -> SandboxLetter:
    return SandboxLetter(
        message_id=str(uuid5(run, letter.message_id)),
        content_type=letter.content_type,
        correlation_id=letter.correlation_id,
        payload_base64=base64.b64encode(letter.body).decode(),
    )
