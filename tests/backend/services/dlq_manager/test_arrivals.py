"""Whatever lies on the dead-letter queue can be read."""

import pytest

from backend.messaging.port import HEADER_DEATH_COUNT, HEADER_DEATH_QUEUE, HEADER_FAILURE, Message
from backend.services.dlq_manager.arrivals import read_arrival, shown_payload
from tests.backend.services.dlq_manager.manager import BODY, dead


def test_a_reported_failure() -> None:
    arrival = read_arrival(dead(error="no route", provider="deezer"))
    assert (arrival.message_id, arrival.generation, arrival.quarantine) == ("letter-1", 0, "")
    assert (arrival.report.error_message, arrival.report.provider) == ("no route", "deezer")


def test_a_message_moved_by_the_delivery_limit() -> None:
    headers: dict[str, str | int] = {HEADER_DEATH_QUEUE: "enrichment.requests", HEADER_DEATH_COUNT: 20}
    arrival = read_arrival(Message("m", BODY, headers=headers))
    assert arrival.report.error_type == "DeliveryLimitExceeded"
    assert "20 times from enrichment.requests" in arrival.report.error_message
    assert arrival.quarantine == ""


@pytest.mark.parametrize("told", ["not json", "{}", '{"error_type": 3}', "[]"])
def test_an_unreadable_report_is_quarantined_and_not_refused(told: str) -> None:
    arrival = read_arrival(Message("m", BODY, headers={HEADER_FAILURE: told}))
    assert arrival.report.error_type == "UnreadableFailure"
    assert arrival.quarantine


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00", b"\xff\xfe\xfa", b"not json", b"[" * 100_000],
    ids=["empty", "nul", "not utf-8", "text", "deep"],
)
def test_a_payload_that_is_not_json_is_quarantined_and_can_be_shown(body: bytes) -> None:
    arrival = read_arrival(dead(body=body))
    assert "not JSON" in arrival.quarantine
    assert arrival.message.body == body
    assert isinstance(shown_payload(body), str)


@pytest.mark.parametrize("generation", [-1, "two", 1.5, True])
def test_a_forged_generation_counts_as_none(generation: int) -> None:
    message = dead()
    forged = Message("m", BODY, headers={**message.headers, "sn-dlq-gen": generation})
    assert read_arrival(forged).generation == 0
