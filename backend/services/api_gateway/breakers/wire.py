"""How a breaker's record travels to Redis and back: JSON, times in milliseconds of one clock or the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from backend.contracts.providers import BreakerControl, BreakerState
from backend.services.api_gateway.breakers.breaker import WINDOW_SECONDS, Breaker
from backend.services.api_gateway.breakers.machine import Record
from backend.services.api_gateway.breakers.model import BreakerSettings, Override, Transition


@dataclass(frozen=True)
class Answer:
    """What the script made of one breaker."""

    record: Record
    changes: Sequence[Transition]
    lease: str | None
    quarantine: bool
    conflict: bool


def to_milliseconds(seconds: float) -> int:
    """Whole milliseconds of the same clock."""
    return round(seconds * 1000)


def settings_fields(settings: BreakerSettings) -> dict[str, Any]:
    """The settings under the script's names."""
    return {
        "minimum_calls": settings.minimum_calls,
        "failure_rate": settings.failure_rate,
        "slow_rate": settings.slow_rate,
        "unreachable_in_a_row": settings.unreachable_in_a_row,
        "open_ms": to_milliseconds(settings.open_seconds),
        "open_cap_ms": to_milliseconds(settings.open_seconds_cap),
        "jitter": settings.jitter,
        "probes": settings.probes,
        "probes_at_once": settings.probes_at_once,
        "probes_to_close": settings.probes_to_close,
        "probes_to_reopen": settings.probes_to_reopen,
        "lease_ms": to_milliseconds(settings.lease_seconds),
        "window_ms": to_milliseconds(WINDOW_SECONDS),
        "connect_only": settings.connect_only,
    }


def request_for(breaker: Breaker, name: str, more: dict[str, Any]) -> bytes:
    """What the script needs to know of this replica's view of a breaker, and `more`."""
    totals = breaker.totals()
    return orjson.dumps(
        {
            "name": name,
            "settings": settings_fields(breaker.settings),
            "known": _record_fields(breaker.shared_record),
            "slow_seconds": breaker.slow_seconds,
            "totals": {
                "calls": totals.calls,
                "failures": totals.failures,
                "slow": totals.slow,
                "unreachable": breaker.unreachable,
            },
            **more,
        }
    )


def override_fields(override: Override) -> dict[str, Any]:
    """An operator's control; moments that are not known are left out."""
    fields: dict[str, Any] = {
        "control": override.control,
        "author": override.author,
        "reason": override.reason,
    }
    return fields | _moments(since=override.since, until=override.until)


def read_answer(text: bytes, endpoint: str, now: float) -> Answer:
    """An answer of the script, its times turned into those of the clock that says `now`."""
    fields = orjson.loads(text)
    offset = now - fields["now"] / 1000
    changes = fields["changes"] or ()  # Lua knows one empty table, and writes it as an object
    return Answer(
        record=_record(fields["record"], offset),
        changes=[_transition(change, endpoint) for change in changes],
        lease=fields.get("lease"),
        quarantine=fields["quarantine"],
        conflict=fields["conflict"],
    )


def _record_fields(record: Record) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "state": record.state,
        "epoch": record.epoch,
        "reason": record.reason,
        "exponent": record.exponent,
        "opened": record.opened,
        "issued": record.issued,
        "leases": {lease: to_milliseconds(ends) for lease, ends in record.leases.items()},
        "successes": record.successes,
        "failures": record.failures,
        "override": override_fields(record.override),
    }
    return fields | _moments(since=record.since, retry_at=record.retry_at)


def _moments(**moments: float | None) -> dict[str, int]:
    return {name: to_milliseconds(moment) for name, moment in moments.items() if moment is not None}


def _record(fields: dict[str, Any], offset: float) -> Record:
    def moment(value: float | None) -> float | None:
        return None if value is None else value / 1000 + offset

    override = fields["override"]
    return Record(
        state=BreakerState(fields["state"]),
        epoch=int(fields["epoch"]),
        since=fields["since"] / 1000 + offset,
        reason=fields["reason"],
        retry_at=moment(fields.get("retry_at")),
        exponent=int(fields["exponent"]),
        opened=int(fields["opened"]),
        issued=int(fields["issued"]),
        leases={lease: ends / 1000 + offset for lease, ends in fields["leases"].items()},
        successes=int(fields["successes"]),
        failures=int(fields["failures"]),
        override=Override(
            BreakerControl(override["control"]),
            override["author"],
            override["reason"],
            moment(override.get("since")),
            moment(override.get("until")),
        ),
    )


def _transition(fields: dict[str, Any], endpoint: str) -> Transition:
    retry_in = fields.get("retry_in")
    return Transition(
        endpoint,
        BreakerState(fields["from_state"]),
        BreakerState(fields["to_state"]),
        fields["reason"],
        int(fields["epoch"]),
        int(fields["failures"]),
        None if retry_in is None else retry_in / 1000,
    )
