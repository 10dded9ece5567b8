"""What providers' answers are taken to mean."""

from datetime import UTC, datetime

import pytest

from backend.contracts.gateway import Outcome
from backend.services.api_gateway.breakers.model import Verdict
from backend.services.api_gateway.outcomes import (
    HttpAnswer,
    judge_by_status,
    retry_after_seconds,
    verdict_of,
)
from backend.services.api_gateway.providers.adapter import Adapter, ProviderRequest
from backend.services.api_gateway.providers.deezer import Deezer
from backend.services.api_gateway.providers.musicbrainz import MusicBrainz
from backend.services.api_gateway.providers.spotify import Spotify

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SEARCH = ProviderRequest("search", "http://provider.invalid/search", lambda _payload: ())
TOKEN = ProviderRequest("token", "http://provider.invalid/token", lambda _payload: None)


def judge(adapter: Adapter, status: int, body: bytes, request: ProviderRequest = SEARCH) -> Outcome:
    return adapter.judge(request, HttpAnswer(status, {}, body), NOW).outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.OK),
        (301, Outcome.CONTRACT),
        (400, Outcome.BAD_REQUEST),
        (401, Outcome.CREDENTIAL),
        (403, Outcome.CAPABILITY_GONE),
        (404, Outcome.NOT_FOUND),
        (422, Outcome.BAD_REQUEST),
        (429, Outcome.THROTTLED),
        (500, Outcome.FAILURE),
        (502, Outcome.FAILURE),
        (503, Outcome.FAILURE),
        (504, Outcome.FAILURE),
    ],
)
def test_by_status(status: int, outcome: Outcome) -> None:
    assert judge_by_status(HttpAnswer(status, {}, b""), NOW).outcome is outcome


def test_a_long_retry_after_is_a_quota() -> None:
    judgement = judge_by_status(HttpAnswer(429, {"retry-after": "86400"}, b""), NOW)
    assert (judgement.outcome, judgement.retry_after) == (Outcome.QUOTA, 86_400)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("17", 17),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("-5", None),
    ],
)
def test_both_forms_of_retry_after(header: str, seconds: float | None) -> None:
    assert retry_after_seconds({"retry-after": header}, NOW) == seconds


def test_retry_after_that_is_absent() -> None:
    assert retry_after_seconds({}, NOW) is None


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b'{"data":[],"total":0}', Outcome.OK),
        (b'{"error":{"type":"Exception","message":"Quota limit exceeded","code":4}}', Outcome.THROTTLED),
        (b'{"error":{"type":"DataException","message":"no data","code":800}}', Outcome.NOT_FOUND),
        (b'{"error":{"type":"Exception","message":"Service busy","code":700}}', Outcome.FAILURE),
        (b'{"error":{"type":"OAuthException","message":"Invalid token","code":300}}', Outcome.CREDENTIAL),
        (b'{"error":{"type":"Exception","message":"?","code":12345}}', Outcome.FAILURE),
        (b'{"error":', Outcome.CONTRACT),
        (b'{"error":[]}', Outcome.CONTRACT),
        (b"  ", Outcome.THROTTLED),
    ],
)
def test_deezer_says_it_in_the_body_of_a_200(body: bytes, outcome: Outcome) -> None:
    assert judge(Deezer("http://provider.invalid", "tests"), 200, body) is outcome


def test_musicbrainz_busy_is_throttling_and_another_503_is_a_failure() -> None:
    adapter = MusicBrainz("http://provider.invalid", "tests")
    assert judge(adapter, 503, b'{"error":"exceeding the allowable rate limit"}') is Outcome.THROTTLED
    assert judge(adapter, 503, b"<html>down for maintenance</html>") is Outcome.FAILURE
    assert judge(adapter, 403, b"") is Outcome.BAD_REQUEST


def test_spotify_tells_quota_from_rate_and_refused_credentials_from_bad_requests() -> None:
    adapter = Spotify("http://a.invalid", "http://b.invalid", None, None, lambda: 0.0)
    assert judge(adapter, 429, b'{"reason":"QUOTA_EXCEEDED"}') is Outcome.QUOTA
    assert judge(adapter, 429, b"") is Outcome.THROTTLED
    assert judge(adapter, 400, b'{"error":"invalid_client"}', TOKEN) is Outcome.CREDENTIAL
    assert judge(adapter, 400, b"") is Outcome.BAD_REQUEST


def test_only_answers_and_failures_speak_to_the_breaker() -> None:
    verdicts = {outcome: verdict_of(outcome) for outcome in Outcome}
    answers = {Outcome.OK, Outcome.NOT_FOUND, Outcome.EMPTY_SUSPECT}
    assert {o for o, v in verdicts.items() if v is Verdict.SUCCESS} == answers
    assert {o for o, v in verdicts.items() if v is Verdict.FAILURE} == {Outcome.FAILURE, Outcome.CONTRACT}
