"""A source of a field, and a field, as lines: with the live state of the breaker behind each source."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from backend.contracts.providers import Capability, GateState, ProviderStatus
from backend.contracts.waterfall import FieldCoverage, WaterfallField, WaterfallStep
from controllers.breakers_conditions import MARKS, Condition, condition_of
from controllers.breakers_rows import budget, condition_note, gate_words
from controllers.marks import Mark, Shape, of_gate
from controllers.rows import Row
from controllers.waterfall_words import NONE, dead_words

_REFUSING = (Condition.OPEN, Condition.FORCED_OPEN, Condition.QUARANTINED)
_STOPPED = (GateState.QUOTA, GateState.BLOCKED)
_CHANGED = Mark(Shape.DISC, "accent", "changed")
_WRONG = Mark(Shape.WARNING, "bad", "cannot be applied")
_AS_IN_FORCE = Mark(Shape.WAITING, "faint", "")
_ENDED = Mark(Shape.OFF, "muted", "ended")
_NO_KEY = Mark(Shape.OFF, "warn", "no credentials")


@dataclass(frozen=True)
class Liveness:
    """Whether a source could be asked now."""

    mark: Mark
    words: str
    """State and budget: `breaker half-open, probe 1 of 3 · 48 / 60 in 60 s`."""
    unavailable: str = ""
    """Why it cannot be asked now; empty when it can, or when that is unknown."""


UNKNOWN = Liveness(MARKS[Condition.UNKNOWN], "state unknown")


@dataclass(frozen=True)
class StepRow:
    """One source of the field that is looked at."""

    provider: str
    place: int
    """From 1."""
    of: int
    enabled: bool
    min_confidence: float
    live: Liveness
    reliability: float = 1.0
    wins: str = NONE
    """Share of the field's values that come from it."""
    dead: str = ""
    """Why the provider no longer gives the field."""
    advice: str = ""
    """What to do about a step that costs calls and wins nothing."""

    @property
    def state(self) -> str:
        """The second line."""
        return self.dead or self.live.words

    @property
    def mark(self) -> Mark:
        """Shape and tone of the second line."""
        return _ENDED if self.dead else self.live.mark

    @property
    def spoken(self) -> str:
        """The line as a screen reader says it."""
        parts = (
            f"Place {self.place} of {self.of}",
            self.provider,
            "on" if self.enabled else "off",
            f"threshold {self.min_confidence:.2f}",
            self.state,
            f"wins {self.wins}" if self.wins != NONE else "wins unknown",
            self.advice,
        )
        return ", ".join(part for part in parts if part)


def liveness(status: ProviderStatus | None, now: datetime | None) -> Liveness:
    """Breaker, gate and budget of a provider; `now` by the gateway's clock."""
    if status is None or now is None:
        return UNKNOWN
    if status.missing_credentials:
        return Liveness(_NO_KEY, f"no credentials: {status.missing_credentials}", "it lacks credentials")
    condition, gate = condition_of(status.circuit_breaker), status.rate_gate
    word = MARKS[condition].word
    note = condition_note(status, now)
    state = f"breaker {word}{f', {note}' if note else ''}"
    if gate.state is GateState.FLOWING:
        refusing = condition in _REFUSING
        words = state if refusing else f"{state} · {budget(gate)}"
        return Liveness(MARKS[condition], words, state if refusing else "")
    waits = gate_words(gate, now).lower() if condition is Condition.CLOSED else of_gate(gate.state).word
    refused = state if condition in _REFUSING else f"rate gate {waits}" if gate.state in _STOPPED else ""
    mark = MARKS[condition] if condition is not Condition.CLOSED else Mark(Shape.PAUSED, "warn", waits)
    return Liveness(mark, f"{state} · {waits}", refused)


def step_rows(
    field: WaterfallField,
    live: Mapping[str, Liveness],
    capabilities: Mapping[tuple[str, str], Capability],
    wins: Mapping[str, str],
    advice: Mapping[str, str],
) -> list[StepRow]:
    """The sources of a field in order."""

    def line(place: int, step: WaterfallStep) -> StepRow:
        return StepRow(
            provider=step.provider,
            place=place,
            of=len(field.sources),
            enabled=step.enabled,
            min_confidence=step.min_confidence,
            live=live.get(step.provider, UNKNOWN),
            reliability=step.reliability,
            wins=wins.get(step.provider, NONE),
            dead=dead_words(capabilities.get((step.provider, field.field))),
            advice=advice.get(step.provider, ""),
        )

    return [line(place, step) for place, step in enumerate(field.sources, 1)]


def field_row(
    name: str, coverage: FieldCoverage | None, changed: Collection[str], wrong: Collection[str]
) -> Row:
    """A field of the list: how much of it is filled, and whether the draft changes it."""
    mark = _WRONG if name in wrong else _CHANGED if name in changed else _AS_IN_FORCE
    return Row(name, mark, name, trailing=filled_words(coverage))


def filled_words(coverage: FieldCoverage | None) -> str:
    """`94 %` of the tracks have the field; a dash when that is not known."""
    if coverage is None or not coverage.tracks:
        return NONE
    return f"{100 * coverage.filled / coverage.tracks:.0f} %"


def wins_of(winners: Mapping[str, int], providers: Collection[str]) -> dict[str, str]:
    """Share of the values that each provider gave; nothing without values."""
    total = sum(winners.values())
    if not total:
        return {}
    return {name: f"{100 * winners.get(name, 0) / total:.0f} %" for name in providers}
