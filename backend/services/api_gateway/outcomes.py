"""What a provider's answer means: the classes of the design's section 4A, and the general rules.

Each provider's adapter decides first; what it leaves open is judged here by the HTTP status.
"""

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson

from backend.contracts.gateway import Outcome
from backend.services.api_gateway.breakers.model import Verdict
from backend.services.api_gateway.gate.ledger import QUOTA_PAUSE
from backend.services.api_gateway.gate.limit import SECOND


class ContractError(Exception):
    """The provider answered something that is not its documented format."""


@dataclass(frozen=True)
class HttpAnswer:
    """A provider's answer as received."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, read once however often it is asked for; ContractError when it is none."""
        return self._json

    @cached_property
    def _json(self) -> Any:
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            kind = self.headers.get("content-type", "an unnamed type")
            raise ContractError(f"the answer is not JSON but {kind}") from error


@dataclass(frozen=True)
class Judgement:
    """What an answer means. `retry_after` in seconds, when the provider named a time."""

    outcome: Outcome
    detail: str = ""
    retry_after: float | None = None


def judge_by_status(answer: HttpAnswer, now: datetime) -> Judgement:
    """The rules that hold for every provider that uses HTTP's status codes as meant."""
    status = answer.status
    if 200 <= status < 300:
        return Judgement(Outcome.OK)
    if status == 429:
        return throttled(answer, now)
    outcome = _BY_STATUS.get(status, Outcome.FAILURE if status >= 500 else Outcome.CONTRACT)
    return Judgement(outcome, f"the provider answered with HTTP {status}")


_BY_STATUS = {
    400: Outcome.BAD_REQUEST,
    401: Outcome.CREDENTIAL,
    403: Outcome.CAPABILITY_GONE,
    404: Outcome.NOT_FOUND,
    410: Outcome.CAPABILITY_GONE,
    422: Outcome.BAD_REQUEST,
}


def throttled(answer: HttpAnswer, now: datetime) -> Judgement:
    """Too many calls: a rate, or a quota when the time to wait is long."""
    seconds = retry_after_seconds(answer.headers, now)
    if seconds is not None and seconds > QUOTA_PAUSE / SECOND:
        return Judgement(Outcome.QUOTA, "the provider's quota is used up", seconds)
    return Judgement(Outcome.THROTTLED, "the provider asked to slow down", seconds)


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """The header Retry-After in seconds, from either of its forms; none when absent or unreadable."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def judge_api_by_status(answer: HttpAnswer, now: datetime) -> Judgement:
    """`judge_by_status` for an API that never answers with a web page: one from in between is no refusal."""
    if 400 <= answer.status < 500 and answer.status != 429 and is_web_page(answer):
        detail = f"a web page came with HTTP {answer.status} instead of an answer"
        return Judgement(Outcome.CONTRACT, detail)
    return judge_by_status(answer, now)


def is_web_page(answer: HttpAnswer) -> bool:
    """Whether the answer is meant for a browser: HTML, where an API would send JSON."""
    return "text/html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<"


_VERDICTS = {
    Outcome.OK: Verdict.SUCCESS,
    Outcome.NOT_FOUND: Verdict.SUCCESS,
    Outcome.EMPTY_SUSPECT: Verdict.SUCCESS,
    Outcome.CONTRACT: Verdict.FAILURE,
    Outcome.FAILURE: Verdict.FAILURE,
}


def verdict_of(outcome: Outcome) -> Verdict:
    """What an outcome says to the breaker. Throttled, refused and malformed requests say nothing."""
    return _VERDICTS.get(outcome, Verdict.NEUTRAL)
