"""Lines of one inspected track: its values, the walk of a field, the chain to the bytes, the candidates."""

import json
from datetime import datetime
from typing import Any

from backend.contracts.inspection import (
    CandidateInspection,
    FieldDisagreement,
    Lineage,
    SourceInspection,
    TrackInspection,
    WalkStep,
)
from controllers.marks import Mark, Shape
from controllers.rows import Row
from controllers.wording import ago, joined, local_stamp, plural

_UNKNOWN = Mark(Shape.UNKNOWN, "warn", "unknown")
_VERDICTS = {
    "matched": Mark(Shape.TICK, "ok", "matched"),
    "no_match": Mark(Shape.SKIPPED, "muted", "no match"),
    "unsure": Mark(Shape.WARNING, "warn", "unsure"),
    "no_answer": Mark(Shape.CROSS, "bad", "no answer"),
}
_USED = Mark(Shape.TICK, "ok", "used")
_HELD_BACK = ("throttled", "quota", "breaker_open", "waited_for")
_BROKEN = ("credential", "capability_gone", "bad_request", "contract", "failure", "empty_suspect")
_NO_VALUE = Mark(Shape.SKIPPED, "muted", "no value")
_GATED = Mark(Shape.OFF, "muted", "ruled out")
_CHOSEN = Mark(Shape.TICK, "ok", "chosen")
_OTHER = Mark(Shape.WAITING, "faint", "not chosen")


def field_rows(inspection: TrackInspection) -> list[Row]:
    """Every field of the waterfall with its value and the source that gave it."""
    used = {step.field: step for step in inspection.walk if step.outcome == "used"}
    lineage = {one.field: one for one in inspection.lineage}
    fields = dict.fromkeys([*(step.field for step in inspection.walk), *inspection.values, *lineage])
    return [_field_row(field, inspection.values, used.get(field), lineage.get(field)) for field in fields]


def _field_row(field: str, values: dict[str, Any], step: WalkStep | None, held: Lineage | None) -> Row:
    value = held.value if held is not None else values.get(field)
    if value is None:
        return Row(field, _NO_VALUE, field, "no value")
    source = held.provenance.provider if held is not None else step.provider if step is not None else ""
    sure = held.provenance.confidence if held is not None else step.confidence if step is not None else None
    trailing = source if sure is None else f"{source}  {sure:.2f}"
    return Row(field, Mark(Shape.TICK, "ok", "filled"), field, as_words(value), trailing)


def walk_rows(inspection: TrackInspection, field: str) -> list[Row]:
    """The walk of one field, step by step, as it went."""
    steps = [step for step in inspection.walk if step.field == field]
    differing = [one for one in inspection.disagreements if one.field == field]
    walked = [
        Row(
            key=f"{step.position}",
            mark=_step_mark(step.outcome),
            title=f"{step.position}. {step.provider}",
            subtitle=_step_line(step),
            trailing="" if step.confidence is None else _against(step),
        )
        for step in steps
    ]
    return walked + [_disagreement_row(one) for one in differing]


def _disagreement_row(one: FieldDisagreement) -> Row:
    others = "; ".join(f"{provider}: {as_words(value)}" for provider, value in one.others.items())
    title = f"Sources differ; “{one.policy}” took {one.winner}"
    return Row("disagreement", Mark(Shape.WARNING, "warn", "sources differ"), title, others)


def _step_mark(outcome: str) -> Mark:
    word = outcome.replace("_", " ")
    if outcome == "used":
        return _USED
    if outcome in _HELD_BACK:
        return Mark(Shape.PAUSED, "warn", word)
    if outcome in _BROKEN:
        return Mark(Shape.CROSS, "bad", word)
    return Mark(Shape.SKIPPED, "muted", word)


def _step_line(step: WalkStep) -> str:
    word = step.outcome.replace("_", " ")
    return joined(word, None if step.value is None else as_words(step.value), step.detail)


def _against(step: WalkStep) -> str:
    if step.min_confidence is None or step.confidence is None:
        return f"{step.confidence:.2f}"
    sign = "≥" if step.confidence >= step.min_confidence else "<"
    return f"{step.confidence:.2f} {sign} {step.min_confidence:.2f}"


def lineage_rows(inspection: TrackInspection, field: str, now: datetime) -> list[Row]:
    """Where a stored value comes from, from Gold back to the provider's bytes."""
    held = next((one for one in inspection.lineage if one.field == field), None)
    if held is None:
        return []
    link = Mark(Shape.GO, "muted", "comes from")
    given = held.provenance
    changed = "" if held.last_changed_at is None else f"set {ago(held.last_changed_at, now)}"
    times = f"changed {plural(held.changes, 'time')}" if held.changes else ""
    rows = [
        Row(
            "value", link, as_words(held.value), " · ".join(part for part in ("Gold", changed, times) if part)
        ),
        Row(
            "step",
            link,
            f"{given.provider}, place {given.position} of the waterfall",
            joined(f"v{given.config_version}", held.config_author, _missed(held)),
            f"{given.confidence:.2f}",
        ),
    ]
    if held.candidate_title is not None:
        by = ", ".join(held.candidate_artists)
        sure = "" if held.match_probability is None else f"{held.match_probability:.2f}"
        rows.append(
            Row("match", link, f"{by} – {held.candidate_title}", "the track it was matched with", sure)
        )
    rows.append(_response_row(held, link))
    return rows


def _missed(held: Lineage) -> str:
    missed = held.provenance.degraded_by
    return f"{', '.join(missed)} could not be asked" if missed else ""


def _response_row(held: Lineage, link: Mark) -> Row:
    if held.provenance.response_id is None:
        return Row("response", link, "No stored answer", "the bytes of this value are not in Bronze")
    fetched = "" if held.fetched_at is None else f"fetched {local_stamp(held.fetched_at)}"
    title = f"{held.provenance.provider} {held.endpoint or 'answer'}"
    subtitle = joined("Bronze", fetched, held.provenance.response_id)
    return Row("response", link, title, subtitle)


def source_rows(inspection: TrackInspection) -> list[Row]:
    """Every source that was asked, with its verdict."""
    return [
        Row(
            key=source.provider,
            mark=_VERDICTS.get(source.verdict, _UNKNOWN),
            title=source.provider,
            subtitle=_source_line(source),
            trailing=plural(source.calls, "call"),
        )
        for source in inspection.sources
    ]


def _source_line(source: SourceInspection) -> str:
    verdict = _VERDICTS.get(source.verdict, _UNKNOWN).word
    if source.verdict == "no_answer":
        verdict = source.outcome.replace("_", " ")
    named = plural(len(source.candidates), "candidate") if source.candidates else ""
    return joined(verdict, named, source.detail)


def candidate_rows(source: SourceInspection | None) -> list[Row]:
    """What one source named, the surest first."""
    if source is None:
        return []
    ordered = sorted(source.candidates, key=lambda one: (not one.chosen, -(one.probability or 0.0)))
    return [
        Row(
            key=candidate.provider_id,
            mark=_CHOSEN if candidate.chosen else _GATED if candidate.gate else _OTHER,
            title=f"{', '.join(candidate.artists)} – {_full_title(candidate)}",
            subtitle=_candidate_line(candidate),
            trailing="–" if candidate.probability is None else f"{candidate.probability:.2f}",
        )
        for candidate in ordered
    ]


def _full_title(candidate: CandidateInspection) -> str:
    return f"{candidate.title} ({candidate.version})" if candidate.version else candidate.title


def _candidate_line(candidate: CandidateInspection) -> str:
    length = None if candidate.duration_ms is None else _length(candidate.duration_ms)
    return joined(candidate.gate, candidate.album, candidate.release_date, length, candidate.isrc)


def _length(milliseconds: int) -> str:
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes}:{seconds:02}"


def evidence_rows(candidate: CandidateInspection | None) -> list[Row]:
    """What speaks for and against a candidate, the weightiest first; or what ruled it out."""
    if candidate is None:
        return []
    rows = [Row("gate", _GATED, candidate.gate, "ruled out, whatever else agrees")] if candidate.gate else []
    weighed = sorted(candidate.evidence, key=lambda one: -abs(one.weight))
    return rows + [
        Row(one.name, _weight_mark(one.weight), one.name, one.explanation, f"{one.weight:+.1f}")
        for one in weighed
    ]


def _weight_mark(weight: float) -> Mark:
    if weight > 0:
        return Mark(Shape.TICK, "ok", "for")
    if weight < 0:
        return Mark(Shape.CROSS, "warn", "against")
    return Mark(Shape.WAITING, "faint", "unknown")


def as_words(value: Any) -> str:
    """A value as a line of text."""
    if isinstance(value, list):
        return ", ".join(map(as_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:g}" if isinstance(value, float) else str(value)
