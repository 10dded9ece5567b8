"""Lines of the list of operations: how each stands, what it was told, and what became of its members."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from backend.contracts.dead_letter_operations import (
    FINISHED_STATES,
    ItemOutcome,
    Operation,
    OperationCommand,
    OperationItem,
    OperationKind,
    OperationOptions,
    OperationState,
)
from controllers.dead_letters_rows import operation_share
from controllers.marks import Mark, Shape
from controllers.rows import Row
from controllers.wording import ago, count, joined, local_stamp, local_time, plural

S, C = OperationState, OperationCommand
_SENDING = (OperationKind.RETRY, OperationKind.PATCH)
_STATES: Final = {
    S.FROZEN: Mark(Shape.WAITING, "muted", "not started"),
    S.SCHEDULED: Mark(Shape.WAITING, "info", "waits to start"),
    S.CANARY: Mark(Shape.WORKING, "accent", "sample is sent"),
    S.DECIDING: Mark(Shape.WARNING, "info", "waits for your decision"),
    S.RUNNING: Mark(Shape.WORKING, "accent", "running"),
    S.PAUSED: Mark(Shape.PAUSED, "warn", "paused"),
    S.COMPLETED: Mark(Shape.TICK, "ok", "completed"),
    S.CANCELLED: Mark(Shape.SKIPPED, "muted", "cancelled"),
    S.FAILED: Mark(Shape.CROSS, "bad", "failed"),
}
_OUTCOMES: Final = {
    ItemOutcome.PENDING: Mark(Shape.WAITING, "muted", "waiting"),
    ItemOutcome.CLAIMED: Mark(Shape.WORKING, "info", "being sent"),
    ItemOutcome.SENT: Mark(Shape.WORKING, "accent", "sent, no outcome yet"),
    ItemOutcome.RETURNED: Mark(Shape.BACK, "warn", "failed again"),
    ItemOutcome.RESOLVED: Mark(Shape.TICK, "ok", "resolved"),
    ItemOutcome.DONE: Mark(Shape.TICK, "ok", "done"),
    ItemOutcome.SKIPPED: Mark(Shape.SKIPPED, "muted", "skipped"),
    ItemOutcome.CANCELLED: Mark(Shape.OFF, "muted", "cancelled"),
}
_ALLOWED: Final = {
    C.START: (S.FROZEN,),
    C.ACCEPT: (S.DECIDING,),
    C.PAUSE: (S.SCHEDULED, S.CANARY, S.RUNNING),
    C.RESUME: (S.PAUSED,),
    C.CANCEL: (S.FROZEN, S.SCHEDULED, S.CANARY, S.DECIDING, S.RUNNING, S.PAUSED),
    C.PACE: (S.SCHEDULED, S.CANARY, S.DECIDING, S.RUNNING, S.PAUSED),
}


def of_operation(operation: Operation) -> Mark:
    """The mark of its state."""
    return _STATES[operation.state]


def of_outcome(outcome: ItemOutcome) -> Mark:
    """The mark of what became of a member."""
    return _OUTCOMES[outcome]


def allows(operation: Operation, command: OperationCommand) -> bool:
    """Whether it can be asked now; a pace only of what sends, a start only where no count is to be typed."""
    if command is C.PACE and operation.kind not in _SENDING:
        return False
    if command is C.START and operation.needs_typed_count:
        return False
    return operation.state in _ALLOWED[command]


def operation_rows(operations: Sequence[Operation], now: datetime) -> list[Row]:
    """Those that are not over first, then the newest."""
    ordered = sorted(operations, key=_newest, reverse=True)
    return [_operation_row(one, now) for one in sorted(ordered, key=_is_over)]


def _newest(operation: Operation) -> datetime:
    return operation.created_at


def _is_over(operation: Operation) -> bool:
    return operation.state in FINISHED_STATES


def _operation_row(operation: Operation, now: datetime) -> Row:
    mark = of_operation(operation)
    share = operation_share(operation)
    return Row(
        key=operation.id,
        # Red and amber ink belong to the word of the state, not to the whole line.
        mark=mark if mark.tone not in {"bad", "warn"} else Mark(mark.shape, "info", mark.word),
        title=f"{operation.kind.value.capitalize()} {count(operation.total)} · {operation.title}",
        subtitle=joined(mark.word, operation.author, ago(operation.created_at, now)),
        trailing=f"{share:.0%}" if not _is_over(operation) else "",
    )


def made_words(operation: Operation) -> str:
    """Who asked for it, when and why."""
    ended = f"ended {local_time(operation.finished_at)}" if operation.finished_at else None
    return joined(operation.author, local_stamp(operation.created_at), ended, f"“{operation.reason}”")


def option_words(operation: Operation) -> str:
    """What it was told about sample, pace, limits and start."""
    if operation.kind not in _SENDING:
        return ""
    options = operation.options
    return joined(
        f"sample of {plural(options.canary, 'letter')}" if options.canary else "no sample",
        pace_words(options.per_second),
        f"{options.budget_share:.0%} of the providers' limits" if options.respect_budget else "no limits",
        f"pauses when {options.tripwire_limit} of {options.tripwire_window} fail alike",
        start_words(options),
    )


def pace_words(per_second: float | None) -> str:
    """`2.5 a second`."""
    return "as fast as the limits allow" if per_second is None else f"{per_second:g} a second"


def start_words(options: OperationOptions) -> str:
    """When it starts; empty for at once."""
    at = f"not before {local_stamp(options.not_before)}" if options.not_before else None
    when = options.when
    if when is None:
        return joined(at)
    left = f" and {when.budget_share:.0%} of its limit is left" if when.budget_share else ""
    return joined(at, f"when {when.provider} was closed for {when.closed_minutes:g} min{left}")


def outcome_chips(operation: Operation) -> list[tuple[str, str]]:
    """Outcome (empty: all) and words of each group of members that there is."""
    groups = [
        (outcome.value, f"{count(operation.counts[outcome.value])} {_OUTCOMES[outcome].word}")
        for outcome in ItemOutcome
        if operation.counts.get(outcome.value)
    ]
    return [("", f"All {count(operation.total)}"), *groups]


def item_rows(items: Sequence[OperationItem]) -> list[Row]:
    """Members in their order, each with what became of it."""
    return [_item_row(item) for item in items]


def _item_row(item: OperationItem) -> Row:
    mark = of_outcome(item.outcome)
    return Row(
        key=item.message_id,
        mark=Mark(mark.shape, mark.tone if mark.tone != "warn" else "info", mark.word),
        title=item.message_id,
        subtitle=joined(mark.word, "sample" if item.is_canary else None, item.detail or None),
        trailing=local_time(item.changed_at),
    )
