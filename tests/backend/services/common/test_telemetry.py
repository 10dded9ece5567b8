"""Logs: JSON lines, and no secret whichever way it comes."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from backend.services.common.settings import ServiceSettings
from backend.services.common.telemetry import REDACTED, SecretFilter, configure_telemetry

SECRET = 'sentinel-"quoted"-secret'


@pytest.fixture
def configured() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    configure_telemetry("a-service", ServiceSettings(port=1, release="r1", admin_token=SecretStr(SECRET)))
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(capsysbinary: pytest.CaptureFixture[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]


@pytest.mark.usefixtures("configured")
class TestLog:
    def test_a_line_is_json_and_says_who_speaks(self, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
        structlog.get_logger().info("started", port=8022)
        (line,) = lines(capsysbinary)
        assert line.pop("timestamp")
        assert line == {
            "event": "started",
            "level": "info",
            "port": 8022,
            "service": "a-service",
            "release": "r1",
            "environment": "sandbox",
        }

    def test_a_secret_is_taken_out_wherever_it_stands(
        self, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        log = structlog.get_logger()
        log.info(f"the event {SECRET}", value=SECRET, nested={"list": [SECRET]}, number=3)
        try:
            int(SECRET)
        except ValueError:
            log.exception("failed")
        logging.getLogger("library").warning("a library says %s", SECRET)
        written = capsysbinary.readouterr().out.decode()
        assert len(written.splitlines()) == 3
        assert "sentinel" not in written
        assert written.count(REDACTED) >= 5
        assert all(json.loads(line) for line in written.splitlines())

    def test_values_with_a_telling_name_are_blanked_even_when_unknown(
        self, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        headers = {"Authorization": "Bearer unknown-to-the-filter", "Accept": "json"}
        structlog.get_logger().info("request", access_token="unknown-too", headers=headers)
        (line,) = lines(capsysbinary)
        assert line["access_token"] == REDACTED
        assert line["headers"] == {"Authorization": REDACTED, "Accept": "json"}

    def test_what_libraries_log_comes_out_the_same_way(
        self, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
        logging.getLogger("library").debug("too quiet for INFO")
        (line,) = lines(capsysbinary)
        assert (line["logger"], line["event"], line["level"]) == (
            "uvicorn",
            "Started server process [7]",
            "info",
        )

    def test_values_json_does_not_know_do_not_break_a_line(
        self, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        structlog.get_logger().info("odd", value={1, 2}, key={("a", 1): 1}, text="\ud800")
        (line,) = lines(capsysbinary)
        assert (line["event"], line["text"]) == ("odd", "\ud800")


def test_a_secret_inside_another_disappears_whole() -> None:
    secrets = SecretFilter(["sentinel", "sentinel-longer"])
    assert secrets.clean("a sentinel-longer b sentinel c") == f"a {REDACTED} b {REDACTED} c"


def test_words_too_short_to_be_secrets_are_left() -> None:
    assert SecretFilter(["a", ""]).clean("a banana") == "a banana"
