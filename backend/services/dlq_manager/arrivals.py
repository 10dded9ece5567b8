"""Reads what a message on the dead-letter queue says about its failure."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from backend.contracts.dead_letters import FailureReport
from backend.contracts.environment import ENRICHMENT
from backend.messaging.port import (
    HEADER_DEAD_LETTER_ID,
    HEADER_DEATH_COUNT,
    HEADER_DEATH_QUEUE,
    HEADER_FAILURE,
    HEADER_GENERATION,
    WITHOUT_ID,
    Message,
)
from backend.messaging.topology import ENRICHMENT_REQUESTS
from backend.services.dlq_manager.fingerprint import fingerprint

_LARGEST_SHOWN = 1_000_000
_LONGEST_NAME = 500


@dataclass(frozen=True)
class About:
    """The track that a message is about, as far as its payload says."""

    artist: str | None = None
    title: str | None = None
    track_id: str | None = None


@dataclass(frozen=True)
class Arrival:
    """A failed message with its failure, however much or little the producer told."""

    message_id: str
    generation: int
    message: Message
    report: FailureReport
    fingerprint: str
    quarantine: str = field(default="")
    """Why it must not be sent again unchanged; empty for the usual case."""

    about: About = About()
    is_known_by_bytes: bool = False
    """It came without an id and not for the first time: its bytes tell whether it is stored already."""

    @property
    def sha256(self) -> bytes:
        """Digest of the original bytes."""
        return hashlib.sha256(self.message.body).digest()


def read_arrival(message: Message, deliveries: int = 1) -> Arrival:
    """`deliveries` is which delivery of it this is, from 1.

    Never fails: what cannot be read is kept and quarantined, for there is no queue behind this one."""
    report, problem = _report(message)
    generation = message.headers.get(HEADER_GENERATION, 0)
    return Arrival(
        message_id=str(message.headers.get(HEADER_DEAD_LETTER_ID) or message.message_id),
        generation=generation if type(generation) is int and generation >= 0 else 0,
        message=message,
        report=report,
        fingerprint=fingerprint(report),
        quarantine=problem or _payload_problem(message.body),
        about=_about(message.body),
        is_known_by_bytes=deliveries > 1 and message.message_id.startswith(WITHOUT_ID),
    )


def bare_arrival(message: Message, error: Exception) -> Arrival:
    """What is left of a message that cannot be stored as it came: its bytes, under a name of ours.

    For the one that stays behind when a batch fails: there is no queue to reject it to.
    """
    told = f"The message could not be stored as it came: {type(error).__name__}."
    return _bare(
        message, "UnstorableMessage", told, "its id or headers cannot be stored; the bytes are as they came"
    )


def deadly_arrival(message: Message) -> Arrival:
    """What is kept of a message on which the manager died again and again: its bytes, which nobody reads."""
    told = "The dead-letter manager died each time it took this message in."
    why = "the manager died of it, so it was kept without being read; the bytes are as they came"
    return _bare(message, "DeadlyMessage", told, why)


def _bare(message: Message, error_type: str, told: str, why: str) -> Arrival:
    report = _unknown(error_type, told)
    digest = hashlib.sha256(message.body + repr(message.message_id).encode()).hexdigest()
    return Arrival(
        message_id=f"unstorable-{digest[:32]}",
        generation=0,
        message=Message(f"unstorable-{digest[:32]}", message.body, "application/octet-stream"),
        report=report,
        fingerprint=fingerprint(report),
        quarantine=why,
    )


def _about(body: bytes) -> About:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return About()
    if not isinstance(told, dict):
        return About()
    names = ("artist_name", "track_title", "track_id")
    return About(*[_text(told.get(name)) for name in names])


def _text(value: object) -> str | None:
    """As PostgreSQL can store it and an index can hold it."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.replace("\x00", "").encode("utf-8", "replace").decode()[:_LONGEST_NAME]


def shown_payload(body: bytes) -> Any:
    """The payload for a reader: JSON when it is JSON, else its text with undecodable bytes marked."""
    try:
        value = json.loads(body)
        to_json(value)  # half a surrogate pair can be read, but not written again
    except (ValueError, RecursionError):
        return body[:_LARGEST_SHOWN].decode("utf-8", "backslashreplace")
    return value


def _report(message: Message) -> tuple[FailureReport, str]:
    told = message.headers.get(HEADER_FAILURE)
    if isinstance(told, str):
        try:
            # NUL is valid JSON and no valid text for PostgreSQL.
            return FailureReport.model_validate_json(told.replace("\\u0000", "\\ufffd")), ""
        except ValidationError:
            return _unknown(
                "UnreadableFailure", "The failure report cannot be read."
            ), "unreadable failure report"
    if HEADER_DEATH_QUEUE in message.headers:
        return _delivery_limit(message), ""
    return _unknown("UnknownFailure", "The message arrived without a failure report."), ""


def _delivery_limit(message: Message) -> FailureReport:
    queue = str(message.headers[HEADER_DEATH_QUEUE])
    count = message.headers.get(HEADER_DEATH_COUNT, "too many")
    text = f"Delivered {count} times from {queue} without being acknowledged: its consumer keeps dying on it."
    return _unknown("DeliveryLimitExceeded", text).model_copy(update={"routing_key": queue})


def _unknown(error_type: str, text: str) -> FailureReport:
    return FailureReport(
        error_type=error_type,
        error_message=text,
        source_service=ENRICHMENT,
        routing_key=ENRICHMENT_REQUESTS,
        failed_at=datetime.now(UTC),
    )


def _payload_problem(body: bytes) -> str:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return "the payload is not JSON, so sending it again unchanged cannot succeed"
    return ""
