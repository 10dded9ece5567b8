"""How the sample port drives an operation: what a command makes of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from backend.contracts.dead_letter_operations import (
    CanaryResult,
    ItemOutcome,
    Operation,
    OperationCommand,
    OperationControl,
    OperationItem,
    OperationItemPage,
    OperationKind,
    OperationState,
)

ITEMS_A_PAGE = 200
_SENDING = (OperationKind.RETRY, OperationKind.PATCH)
_ORDER = (
    ItemOutcome.RETURNED, ItemOutcome.RESOLVED, ItemOutcome.DONE, ItemOutcome.SENT,
    ItemOutcome.SKIPPED, ItemOutcome.CANCELLED, ItemOutcome.PENDING,
)  # fmt: skip
_DETAILS = {
    ItemOutcome.RETURNED: "discogs answered with HTTP 503",
    ItemOutcome.SKIPPED: "its track was enriched by a later message",
}


def members(operation: Operation, outcome: str | None, after: int | None, now: datetime) -> OperationItemPage:
    """A page of the members, as many of each outcome as the operation says."""
    found = [item for item in _members(operation, now) if outcome in {None, item.outcome.value}]
    page = [item for item in found if item.position > (after or 0)][:ITEMS_A_PAGE]
    is_last = not page or page[-1].position == found[-1].position
    return OperationItemPage(items=page, after=None if is_last else page[-1].position)


def _members(operation: Operation, now: datetime) -> Iterator[OperationItem]:
    position = 0
    for outcome in _ORDER:
        for _ in range(operation.counts.get(outcome.value, 0)):
            position += 1
            yield OperationItem(
                position=position,
                message_id=f"letter-{position - 1}",
                is_canary=operation.kind in _SENDING and position <= operation.options.canary,
                outcome=outcome,
                detail=_DETAILS.get(outcome, ""),
                changed_at=now - timedelta(seconds=position),
            )


def driven(operation: Operation, control: OperationControl, now: datetime) -> Operation:
    """The operation after a command, one step further than it would be at once."""
    match control.command:
        case OperationCommand.START:
            return _started(operation.model_copy(update={"started_at": now}), now)
        case OperationCommand.PACE:
            options = operation.options.model_copy(update={"per_second": control.per_second})
            return _changed(operation, operation.state, operation.counts, options=options)
        case OperationCommand.ACCEPT | OperationCommand.RESUME:
            total = operation.total
            counts = {"pending": total // 2, "sent": 10, "resolved": total - total // 2 - 10}
            return _changed(
                operation, OperationState.RUNNING, counts, per_second_now=0.5, seconds_left=float(total)
            )
        case OperationCommand.PAUSE:
            return _changed(operation, OperationState.PAUSED, operation.counts)
        case OperationCommand.CANCEL:
            cancelled = {"cancelled": operation.total}
            return _changed(operation, OperationState.CANCELLED, cancelled, finished_at=now)


def _started(operation: Operation, now: datetime) -> Operation:
    total, size = operation.total, min(operation.options.canary, operation.total)
    if operation.options.not_before or operation.options.when:
        return _changed(operation, OperationState.SCHEDULED, operation.counts)
    if operation.kind not in _SENDING:
        return _changed(operation, OperationState.COMPLETED, {"done": total}, finished_at=now)
    if not 0 < size < total:
        return _changed(operation, OperationState.RUNNING, {"sent": total}, per_second_now=0.5)
    sample = CanaryResult(
        size=size, resolved=size - 1, returned=1, outstanding=0, predicted=0.95, low=0.76, high=0.99
    )
    counts = {"pending": total - size, "resolved": size - 1, "returned": 1}
    return _changed(operation, OperationState.DECIDING, counts, canary=sample)


def _changed(
    operation: Operation, state: OperationState, counts: dict[str, int], **more: object
) -> Operation:
    update = {"state": state, "counts": counts, "version": operation.version + 1, **more}
    return operation.model_copy(update=update)
