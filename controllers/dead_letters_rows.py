"""Lines of the dead-letter screen: causes, failures of a letter, the meter, operations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.contracts.dead_letter_operations import ItemOutcome, Operation, OperationKind, OperationState
from backend.contracts.dead_letter_views import AttemptEntry, Cause, Explanation, IntervalKind, LetterDetail
from backend.contracts.dead_letters import DeadLetterState
from controllers.dead_letters_feed import LettersSnapshot
from controllers.marks import Mark, Shape
from controllers.rows import Row
from controllers.wording import ago, count, joined, local_stamp, local_time, rough

ALL_CAUSES = ""
"""Key of the line that stands for every cause."""
_STATES = {
    DeadLetterState.FAILED: Mark(Shape.CROSS, "bad", "failed"),
    DeadLetterState.SCHEDULED: Mark(Shape.WAITING, "info", "scheduled"),
    DeadLetterState.CLAIMED: Mark(Shape.WORKING, "info", "claimed"),
    DeadLetterState.PUBLISHING: Mark(Shape.WORKING, "accent", "publishing"),
    DeadLetterState.IN_FLIGHT: Mark(Shape.WORKING, "accent", "in flight"),
    DeadLetterState.RESOLVED: Mark(Shape.TICK, "ok", "resolved"),
    DeadLetterState.QUARANTINED: Mark(Shape.LOCK, "warn", "quarantined"),
    DeadLetterState.DISCARDED: Mark(Shape.SKIPPED, "muted", "discarded"),
    DeadLetterState.PURGED: Mark(Shape.OFF, "faint", "purged"),
}
_STALE = Mark(Shape.UNKNOWN, "warn", "in flight, stale")
_LOUD = Mark(Shape.DISC, "bad", "failing now")
_QUIET = Mark(Shape.HALF_DISC, "warn", "waiting")
_ALL = Mark(Shape.WAITING, "muted", "all")


def of_letter(state: DeadLetterState, *, stale: bool = False) -> Mark:
    """The mark of a letter."""
    return _STALE if stale else _STATES[state]


@dataclass(frozen=True)
class CauseRow(Row):
    """A cause with its trend: open letters by the time they failed, the last hour, oldest first."""

    trend: tuple[int, ...] = ()

    @property
    def spoken(self) -> str:
        """With the trend in words: a screen reader sees no curve."""
        lately, before = sum(self.trend[-2:]), sum(self.trend[:-2])
        told = (
            f"{count(lately)} in the last 10 min, {count(before)} in the 50 min before" if self.trend else ""
        )
        return ", ".join(part for part in (super().spoken, told) if part)


def cause_rows(causes: Sequence[Cause], total: int, now: datetime) -> list[Row]:
    """All together, then each cause with its count and age."""
    rows = [Row(ALL_CAUSES, _ALL, "All causes", joined(_pending(causes)), count(total))]
    return rows + [
        CauseRow(
            key=cause.fingerprint,
            mark=_LOUD if any(cause.trend[-2:]) else _QUIET,
            title=cause.title,
            subtitle=joined(
                None if cause.last_seen is None else ago(cause.last_seen, now),
                cause.detail,
                f"owner {cause.note.owner}" if cause.note.owner else None,
                "note" if cause.note.note else None,
                "bounces" if cause.bounces else None,
            ),
            trailing=count(cause.open),
            trend=tuple(cause.trend),
        )
        for cause in causes
    ]


def _pending(causes: Sequence[Cause]) -> str:
    return f"{count(sum(cause.pending for cause in causes))} waiting for a decision"


def explained(cause: Cause) -> str:
    """`96 % failed while discogs' breaker was open 14:02–14:47`; empty when nothing explains it."""
    return ". ".join(_explanation(one) for one in cause.explained[:2] if one.share >= 0.01)


def _explanation(one: Explanation) -> str:
    interval = one.interval
    until = "now" if interval.ended_at is None else local_time(interval.ended_at, "%H:%M")
    what = {
        IntervalKind.BREAKER_OPEN: f"the breaker of {interval.subject} was open",
        IntervalKind.QUOTA: f"the quota of {interval.subject} was used up",
        IntervalKind.DEPLOYMENT: f"{interval.subject} was being deployed",
    }[interval.kind]
    return f"{one.share:.0%} failed while {what}, {local_time(interval.started_at, '%H:%M')}–{until}"


def attempt_rows(attempts: Sequence[AttemptEntry]) -> list[Row]:
    """Failures of a letter, the first one first."""
    return [
        Row(
            key=str(attempt.generation),
            # Every line here is a failure: red would say nothing that the list does not.
            mark=Mark(Shape.CROSS, "muted", "failed"),
            title=attempt.error_message,
            subtitle=joined(attempt.error_type, attempt.provider, attempt.place),
            trailing=local_time(attempt.failed_at),
        )
        for attempt in attempts
    ]


def attribute_words(letter: LetterDetail) -> str:
    """Owner, priority, labels and note of a letter; empty without any."""
    head = joined(
        f"owner {letter.owner}" if letter.owner else None,
        f"priority {letter.priority}" if letter.priority else None,
        *(f"#{one}" for one in letter.labels),
    )
    return "\n".join(part for part in (head, letter.note.strip()) if part)


def superseded_words(letter: LetterDetail) -> str:
    """Why it need not be sent any more; empty where that is not so, or not known."""
    later = letter.superseded
    if later is None:
        return ""
    return f"Superseded: its track was enriched {local_stamp(later.enriched_at)}. A retry in bulk skips it."


def meter_words(snapshot: LettersSnapshot) -> tuple[str, str]:
    """The meter in a line, and its tone."""
    meter = snapshot.meter
    if meter is None:
        return ("not read yet" if snapshot.error is None else "unknown"), "muted"
    if meter.difference or meter.verified_difference:
        lost = meter.difference or meter.verified_difference or 0
        return f"does not balance: {count(abs(lost))} {'missing' if lost > 0 else 'too many'}", "bad"
    if not snapshot.is_live:
        age = "" if snapshot.age_seconds is None else f" · {rough(snapshot.age_seconds)} old"
        return f"stale{age}", "warn"
    return "balances · 0 lost", "ok"


def meter_sum(snapshot: LettersSnapshot) -> str:
    """`1 468 received = 214 failed + 38 in flight + …`."""
    meter = snapshot.meter
    if meter is None:
        return ""
    parts = [
        f"{count(number)} {state.replace('_', ' ')}" for state, number in meter.by_state.items() if number
    ]
    sign = "≠" if meter.difference else "="
    return f"{count(meter.received)} received {sign} {' + '.join(parts) or '0'}"


def operation_title(operation: Operation) -> str:
    """What it does, to how many, by whom."""
    verb = operation.kind.value.capitalize()
    return f"{verb} {count(operation.total)} · {operation.title} · {operation.author}"


def operation_words(operation: Operation) -> str:
    """How it stands."""
    counts = operation.counts
    done = sum(counts.get(outcome.value, 0) for outcome in _ENDED)
    parts = [
        f"{count(done)} of {count(operation.total)}",
        *(
            f"{count(counts[name])} {name}"
            for name in ("resolved", "returned", "skipped")
            if counts.get(name)
        ),
        f"{operation.per_second_now:.1f}/s" if operation.per_second_now else None,
        f"{rough(operation.seconds_left)} left" if operation.seconds_left else None,
        operation.state_reason or None,
    ]
    return joined(operation.state.value, *parts)


def canary_words(operation: Operation) -> str:
    """What the sample says about the rest."""
    sample = operation.canary
    if operation.state is not OperationState.DECIDING or sample is None:
        return ""
    if sample.predicted is None or sample.low is None or sample.high is None:
        return f"Nothing of the sample of {sample.size} came back."
    return (
        f"{sample.resolved} of {sample.resolved + sample.returned} succeeded: "
        f"{sample.low:.0%} to {sample.high:.0%} of the rest would."
    )


def operation_tone(operation: Operation) -> str:
    """The colour of its state."""
    return {
        OperationState.PAUSED: "warn",
        OperationState.DECIDING: "info",
        OperationState.FAILED: "bad",
        OperationState.COMPLETED: "ok",
        OperationState.CANCELLED: "muted",
    }.get(operation.state, "accent")


def operation_share(operation: Operation) -> float:
    """How much of it has its end."""
    done = sum(operation.counts.get(outcome.value, 0) for outcome in _ENDED)
    return done / operation.total if operation.total else 1.0


def can_undo(operation: Operation) -> bool:
    """Whether it can be taken back."""
    kinds = (OperationKind.DISCARD, OperationKind.QUARANTINE)
    return operation.kind in kinds and operation.state is OperationState.COMPLETED and not operation.undone_by


_ENDED = (
    ItemOutcome.RETURNED,
    ItemOutcome.RESOLVED,
    ItemOutcome.DONE,
    ItemOutcome.SKIPPED,
    ItemOutcome.CANCELLED,
)
