"""How the sample port drives an operation: what a command makes of it."""

from datetime import datetime

from backend.contracts.dead_letter_operations import (
    CanaryResult,
    Operation,
    OperationCommand,
    OperationKind,
    OperationState,
)


def driven(operation: Operation, command: OperationCommand, now: datetime) -> Operation:
    """The operation after a command, one step further than it would be at once."""
    total, size = operation.total, min(operation.options.canary, operation.total)
    match command:
        case OperationCommand.START if operation.kind is OperationKind.RETRY and size < total and size:
            sample = CanaryResult(
                size=size, resolved=size - 1, returned=1, outstanding=0, predicted=0.95, low=0.76, high=0.99
            )
            counts = {"pending": total - size, "resolved": size - 1, "returned": 1}
            return _changed(operation, OperationState.DECIDING, counts, canary=sample)
        case OperationCommand.START if operation.kind is OperationKind.RETRY:
            return _changed(operation, OperationState.RUNNING, {"sent": total}, per_second_now=0.5)
        case OperationCommand.ACCEPT | OperationCommand.RESUME:
            counts = {"pending": total // 2, "sent": 10, "resolved": total - total // 2 - 10}
            return _changed(
                operation, OperationState.RUNNING, counts, per_second_now=0.5, seconds_left=float(total)
            )
        case OperationCommand.PAUSE:
            return _changed(operation, OperationState.PAUSED, operation.counts)
        case OperationCommand.CANCEL:
            return _changed(operation, OperationState.CANCELLED, {"cancelled": total}, finished_at=now)
        case _:
            return _changed(operation, OperationState.COMPLETED, {"done": total}, finished_at=now)


def _changed(
    operation: Operation, state: OperationState, counts: dict[str, int], **more: object
) -> Operation:
    update = {"state": state, "counts": counts, "version": operation.version + 1, **more}
    return operation.model_copy(update=update)
