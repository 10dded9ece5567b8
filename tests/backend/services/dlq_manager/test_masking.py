"""Bundles leave the house: what is secret stays behind."""

import json

import pytest

from backend.services.common.telemetry import SecretFilter
from backend.services.dlq_manager.masking import Masker

MASKER = Masker(SecretFilter(["s3cret-of-the-house", "tiny"]))


@pytest.mark.parametrize(
    "text",
    [
        "GET /v1?api_key=hunter2222 failed",
        "Authorization: Bearer hunter2222",
        'headers {"X-Auth-Token": "hunter2222"}',
        "client_secret='hunter2222', id=1",
        "refused at amqp://user:hunter2222@host:5672/",
        "sent bearer hunter2222",
    ],
)
def test_texts_lose_what_is_named_secret(text: str) -> None:
    masked = MASKER.text(text)
    assert "hunter2222" not in masked
    assert "[redacted]" in masked


def test_ordinary_texts_stay() -> None:
    for text in ("The provider answered with HTTP 500", "no route to discogs: quota", "at 12:30, id=7"):
        assert MASKER.text(text) == text


def test_a_payload_changes_only_where_it_is_secret() -> None:
    body = b'{ "n": 9223372036854775808, "api_token":"abc", "a":1, "a":2, "in": {"cookie": ["x", ""]} }'
    masked = MASKER.payload(body)
    expected = body.replace(b'"abc"', b'"[redacted]"').replace(b'["x"', b'["[redacted]"')
    assert masked == expected
    plain = b'{"track_id": "t-1", "artist_name": "Cookie Monster"}'
    assert MASKER.payload(plain) == plain


def test_known_secrets_go_wherever_they_stand() -> None:
    assert b"s3cret" not in MASKER.payload(b'{"note": "it is s3cret-of-the-house"}')
    assert b"s3cret" not in MASKER.payload(b"\xff\x00 s3cret-of-the-house \xfe")
    told = MASKER.value({"deep": [{"password": "p"}, "s3cret-of-the-house", 7]})
    assert json.dumps(told) == '{"deep": [{"password": "[redacted]"}, "[redacted]", 7]}'


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"[" * 50_000 + b"]" * 50_000, b"\x1f\x8b\x08"])
def test_odd_payloads_stay_as_they_are(body: bytes) -> None:
    assert MASKER.payload(body) == body
