"""Structured logs: one JSON object a line on standard output, with secrets taken out at the sink."""

import json
import logging
from collections.abc import Iterable
from typing import Any, cast

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from backend.services.common.settings import ServiceSettings

REDACTED = "[redacted]"
SENSITIVE_WORDS = ("authorization", "password", "secret", "token", "api_key", "apikey", "cookie")
"""A value whose name has one of these in it is secret."""
_SHORTEST_SECRET = 6
"""A shorter value would blacken ordinary words; no secret we make is that short."""


class SecretFilter:
    """Replaces known secrets in a text. Bound to the sink, it sees exceptions and third-party lines too."""

    def __init__(self, secrets: Iterable[str]) -> None:
        usable = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        # A secret inside JSON is escaped there; both spellings are looked for. Longest first, so that a
        # secret that contains another one disappears whole.
        spellings = usable | {json.dumps(secret)[1:-1] for secret in usable}
        self._spellings = sorted(spellings, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """`text` with every known secret replaced."""
        for spelling in self._spellings:
            text = text.replace(spelling, REDACTED)
        return text

    def sink(self, _logger: WrappedLogger, _method: str, rendered: bytes) -> bytes:
        """As the last structlog processor: clean the rendered line."""
        return self.clean(rendered.decode("utf-8", "replace")).encode()


def redact_by_name(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Structlog processor: blank values whose name says they are secret, in nested objects too."""
    return {key: _redact(key, value) for key, value in event.items()}


def _redact(key: str, value: Any) -> Any:
    if any(word in key.lower() for word in SENSITIVE_WORDS) and isinstance(value, str | bytes):
        return REDACTED
    if isinstance(value, dict):
        return {str(inner): _redact(str(inner), item) for inner, item in value.items()}
    return value


class _ToStructlog(logging.Handler):
    """Carries records of the standard library's logging (uvicorn, psycopg) into the same stream."""

    def emit(self, record: logging.LogRecord) -> None:
        # uvicorn calls its general log "uvicorn.error", which would look like one to whoever greps.
        logger = structlog.get_logger().bind(logger=record.name.removesuffix(".error"))
        try:
            logger.log(record.levelno, record.getMessage(), exc_info=record.exc_info)
        except (TypeError, ValueError):  # a record whose arguments do not fit its own format
            self.handleError(record)


def configure_telemetry(service: str, settings: ServiceSettings) -> SecretFilter:
    """Set up logging for this process; call once, first thing in `__main__`. Gives the filter it uses."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    secrets = SecretFilter(settings.secret_values())
    identity = {"service": service, "release": settings.release, "environment": settings.environment}
    structlog.configure(
        processors=_processors(secrets, identity),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=level, force=True)
    # httpx logs each address at INFO, query included: neither wanted nor always harmless.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return secrets


def _processors(secrets: SecretFilter, identity: dict[str, str]) -> list[Processor]:
    def bind_identity(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {**identity, **event}

    return [
        bind_identity,
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without the frames' variables: they hold what requests carried.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        redact_by_name,
        structlog.processors.JSONRenderer(serializer=_dump),
        # Behind the renderer a line is bytes; structlog's type knows processors only up to there.
        cast("Processor", secrets.sink),
    ]


def _dump(event: Any, **_options: Any) -> bytes:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a text that is no valid Unicode; a log line must never fail the work it tells of
        return json.dumps(event, default=str, skipkeys=True).encode()
