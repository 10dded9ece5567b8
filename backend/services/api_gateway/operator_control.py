"""What operators do to breakers: done at once, kept in the operations database, and restored from there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from backend.contracts.control import AuditAction, ControlAction, ControlRequest, ControlResult
from backend.contracts.providers import BreakerControl, BreakerStatus
from backend.services.api_gateway.breakers.board import BreakerBoard
from backend.services.api_gateway.control_store import ControlRecord, ControlStore, KeptControl
from backend.services.api_gateway.provider import Provider
from backend.services.api_gateway.transitions import TransitionLog

_CONTROLS = {
    ControlAction.FORCE_OPEN: BreakerControl.FORCED_OPEN,
    ControlAction.DISABLE: BreakerControl.DISABLED,
    ControlAction.SHADOW: BreakerControl.SHADOW,
    ControlAction.CLOSE: BreakerControl.AUTOMATIC,
}
_AT_REST = "closed, automatic"
_NOT_YET_KEPT = (
    "It holds now. The operations database does not answer, so that the record of it waits here; it would be "
    "lost if every gateway ended before the database is back."
)

_log = structlog.get_logger()


@dataclass(frozen=True)
class UnknownEndpointError(Exception):
    """The provider has no breaker of that name."""

    known: tuple[str, ...]


class OperatorControl:
    """Carries out control requests."""

    def __init__(self, store: ControlStore) -> None:
        self.store = store

    async def apply(self, provider: Provider, request: ControlRequest) -> ControlResult:
        """Do what is asked. UnknownEndpointError, and EpochConflictError when somebody else was first."""
        board = provider.breakers
        known = tuple(breaker.endpoint for breaker in board.breakers())
        if request.endpoint is not None and request.endpoint not in known:
            raise UnknownEndpointError(known)
        now, before = datetime.now(UTC), _before(board, request.endpoint)
        changed = await provider.control(request)
        audit_id = await self.store.keep(_record(provider, request, before, now))
        probing = request.action is ControlAction.PROBE
        test_call = await provider.test_call(request.endpoint) if probing else None
        _log.warning(
            "breaker_control",
            provider=provider.name,
            action=request.action,
            endpoints=changed,
            author=request.author,
            reason=request.reason,
        )
        return ControlResult(
            provider=provider.name,
            action=request.action,
            circuit_breaker=board.status(),
            endpoints=board.statuses(),
            audit_id=audit_id,
            detail="" if audit_id is not None else _NOT_YET_KEPT,
            test_call=test_call,
        )


def forgotten(
    provider: Provider, operation: str | None, author: str, reason: str, entries: int
) -> ControlRecord:
    """The audit record of answers that were forgotten; it changes no breaker."""
    return ControlRecord(
        provider=provider.name,
        endpoint=operation,
        action=AuditAction.FORGET_ANSWERS,
        author=author,
        reason=reason,
        until=None,
        before=f"{entries} answers",
        epoch=provider.breakers.epoch,
        at=datetime.now(UTC),
    )


def restore(
    providers: Mapping[str, Provider], transitions: TransitionLog, kept: Sequence[KeptControl]
) -> None:
    """Give the breakers back what operators had made of them; a later control stays.

    A breaker that this release does not have is passed over.
    """
    boards = {name: provider.breakers for name, provider in providers.items()}
    known = [one for one in kept if one.provider in boards and _has(boards[one.provider], one.endpoint)]
    for one in known:
        _restore(boards[one.provider], one)
    for name in dict.fromkeys(one.provider for one in known):
        transitions.started(boards[name])


def _has(board: BreakerBoard, endpoint: str) -> bool:
    return any(breaker.endpoint == endpoint for breaker in board.breakers())


def _restore(board: BreakerBoard, kept: KeptControl) -> None:
    held = board.breaker(kept.endpoint).record.override.control
    if kept.status.control is BreakerControl.AUTOMATIC and held is BreakerControl.AUTOMATIC:
        return  # a closing of long ago must not close what has opened since
    board.restore_control(kept.endpoint, kept.status, kept.epoch)
    _log.info(
        "breaker_control_restored",
        provider=kept.provider,
        endpoint=kept.endpoint,
        control=kept.control,
        author=kept.author,
        until=kept.until,
    )


def _record(provider: Provider, request: ControlRequest, before: str, now: datetime) -> ControlRecord:
    board, control = provider.breakers, _CONTROLS.get(request.action)
    forced = control is not None and control is not BreakerControl.AUTOMATIC
    chosen = [board.breaker(request.endpoint)] if request.endpoint else board.breakers()
    return ControlRecord(
        provider=provider.name,
        endpoint=request.endpoint,
        action=AuditAction(request.action.value),
        author=request.author,
        reason=request.reason,
        until=now + timedelta(minutes=request.minutes) if forced else None,
        before=before,
        epoch=board.epoch,
        at=now,
        control=control or BreakerControl.AUTOMATIC,
        epochs={one.endpoint: one.shared_record.epoch for one in chosen} if control is not None else {},
    )


def _before(board: BreakerBoard, endpoint: str | None) -> str:
    if endpoint is None:
        return _in_words(board.status())
    status = board.statuses().get(endpoint)
    return _AT_REST if status is None else _in_words(status)  # one that was never in use is not shown


def _in_words(status: BreakerStatus) -> str:
    """State and control, such as `closed, automatic`."""
    return f"{status.state}, {status.control.control}".replace("_", " ")
