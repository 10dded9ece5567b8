"""Failures that are the same failure."""

from backend.services.dlq_manager.fingerprint import fingerprint, normalised
from tests.backend.services.dlq_manager.manager import report


def named(provider: str | None, error_type: str, message: str, **more: str) -> str:
    return fingerprint(report(message, provider=provider, error_type=error_type, **more))


def test_what_changes_from_one_occurrence_to_the_next_does_not_count() -> None:
    told = "Track {} '{}' from https://api.deezer.com/track/{} at {}, id {}-7802-4ce5-9647-eb9456d39fbc"
    first = told.format(4711, "Strobe", 1, "2026-11-23T20:54:51.5Z", "9d13915b")
    other = told.format(12, "Ghosts", 22, "2025-01-02T03:04:05Z", "00000000")
    assert normalised(first) == normalised(other)
    assert named("deezer", "Timeout", first) == named("deezer", "Timeout", other)


def test_an_outage_is_one_cause_before_and_after_the_breakers_open() -> None:
    told = "No provider could answer: deezer: {}; itunes: failure (the provider answered with HTTP 500)"
    before = told.format("failure (Deezer said: Service busy)")
    after = told.format("breaker open (the circuit breaker of deezer is open: 6 of 12 calls failed)")
    assert normalised(before) == normalised(after)
    other = told.format("not found")
    assert normalised(other) != normalised(before)


def test_another_provider_class_or_text_is_another_failure() -> None:
    known = named("deezer", "Timeout", "no answer")
    assert len(known) == 16
    others = {
        named("spotify", "Timeout", "no answer"),
        named(None, "Timeout", "no answer"),
        named("deezer", "Throttled", "no answer"),
        named("deezer", "Timeout", "no route"),
        named("deezer", "Timeout", "no answer", outcome_class="throttled"),
        named("deezer", "Timeout", "no answer", place="gold"),
    }
    assert known not in others
    assert len(others) == 6
