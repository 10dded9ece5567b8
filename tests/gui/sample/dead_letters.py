"""Sample dead letters: three causes, an operation that can be driven by hand."""

# ruff: noqa: ARG002 - the ports fix the arguments

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from backend.contracts.dead_letter_contrast import Contrast, ContrastBasis
from backend.contracts.dead_letter_operations import (
    LetterAttributes,
    LetterCommand,
    LetterControl,
    LetterEdit,
    Operation,
    OperationControl,
    OperationItemPage,
    OperationKind,
    OperationPreview,
    OperationRequest,
    OperationState,
    PatchSample,
    PatchTrial,
    Share,
)
from backend.contracts.dead_letter_views import (
    AttemptEntry,
    Cause,
    CauseList,
    CauseNote,
    CauseNoteChange,
    Explanation,
    Interval,
    IntervalKind,
    LetterDetail,
    LetterPage,
    LetterRow,
    Meter,
    PageRequest,
    RevisionEntry,
    Selection,
    TimeSlice,
    TimeStrip,
)
from backend.contracts.dead_letters import AuditEntry, DeadLetterState
from backend.contracts.errors import OperatorError
from backend.services.dlq_manager.contrast_fields import ENOUGH, Reading, contrast, read_payload
from backend.services.dlq_manager.json_patch import patched
from backend.services.dlq_manager.patch_steps import PatchFailedError, read_patch
from controllers.clock import Clock
from tests.gui.sample.dead_letter_times import CAUSES, OUTAGE, ROUND, SampleTimes
from tests.gui.sample.driven_operations import driven, members

TRACKS = (
    ("deadmau5", "Strobe"),
    ("Eric Prydz", "Opus"),
    ("Age of Love", "Age of Love (Charlotte de Witte & Enrico Sangiuliano Remix)"),
    ("CamelPhat & Elderbrook", "Cola"),
    ("Télépopmusik", "Breathe"),
    ("Dennis Ferrer", "Hey Hey"),
    ("DJ Rolando", "Knights of the Jaguar"),
    ("Sasha", "Xpander"),
    ("Adam Beyer", "Space Date"),
    ("Adam Beyer & Bart Skils", "Your Mind"),
)
LARGEST = 1_000_000
BETWEEN = timedelta(minutes=1)
"""From one failure of a letter to the next."""


class SampleDeadLetters:
    """The dead-letters port; `letters` how many there are, `lost` how many the meter misses."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.letters = 214
        self.body: bytes | None = None
        """Payload of every letter instead of the usual one."""
        self.lost = 0
        self.problems: list[str] = []
        self.error: OperatorError | None = None
        self.conflict: OperatorError | None = None
        self.states: dict[str, DeadLetterState] = {}
        self.operations_made: list[Operation] = []
        self.attributes: dict[str, LetterAttributes] = {}
        self.revisions: dict[str, list[RevisionEntry]] = {}
        self.notes: dict[str, CauseNote] = {}
        self.asked: list[tuple[str, object]] = []

    # Reading ---------------------------------------------------------------------------------------------

    def meter(self, environment: str) -> Meter:
        """Balanced, unless something is lost."""
        self._answer()
        states = {state.value: 0 for state in DeadLetterState}
        sent, resolved = (
            sum(one.counts.get(outcome, 0) for one in self.operations_made if one.kind is OperationKind.RETRY)
            for outcome in ("sent", "resolved")
        )
        failed = self.letters - sent - resolved
        states |= {"failed": failed, "in_flight": sent, "resolved": 1204 + resolved, "discarded": 12}
        return Meter(
            at=self._clock(),
            received=sum(states.values()) + self.lost,
            by_state=states,
            difference=self.lost,
            verified_at=self._clock() - timedelta(seconds=12),
            verified_difference=self.lost,
            broker={"enrichment.dead": 0},
            problems=self.problems,
        )

    def events(self, environment: str) -> Iterator[Meter | Operation]:
        """The meter and what is under way, once."""
        self._answer()
        yield self.meter(environment)
        yield from self.operations_made

    def causes(self, environment: str) -> CauseList:
        """Three causes, the largest explained by an outage."""
        self._answer()
        causes = [self._cause(*cause) for cause in CAUSES if self._times.number(cause[0])]
        return CauseList(causes=causes, at=self._clock())

    def contrast(self, environment: str, fingerprint: str) -> Contrast:
        """Really compared, with the letters of the other causes."""
        self._answer()
        here: list[Reading] = []
        there: list[Reading] = []
        for place in range(min(self.letters, ROUND)):
            row = self._row(place)
            reading = read_payload(self._payload(row))
            if reading is not None:
                (here if row.fingerprint == fingerprint else there).append(reading)
        return Contrast(
            fingerprint=fingerprint,
            basis=ContrastBasis.OTHER_CAUSES,
            failing=len(here),
            others=len(there),
            fields=contrast(here, there),
            is_enough=min(len(here), len(there)) >= ENOUGH,
        )

    def timeline(
        self, environment: str, begin: datetime, end: datetime, fingerprint: str | None
    ) -> TimeStrip:
        """A burst in a quiet time."""
        self._answer()
        width = (end - begin) / 120
        counts = self._times.within(self._clock(), begin, end, 120, fingerprint)
        slices = [TimeSlice(start=begin + place * width, count=one) for place, one in enumerate(counts)]
        deployed = self._clock() - timedelta(minutes=52)
        intervals = [
            Interval(
                kind=IntervalKind.DEPLOYMENT,
                subject="sandbox",
                source_key="deployment/1",
                started_at=deployed,
                ended_at=deployed + timedelta(minutes=3),
            ),
            self._outage(),
        ]
        return TimeStrip(slice_seconds=width.total_seconds(), slices=slices, intervals=intervals)

    def page(self, environment: str, request: PageRequest) -> LetterPage:
        """Rows by their number, newest first."""
        self._answer()
        self.asked.append(("page", request))
        total = self._total(request.selection)
        begin = self._begin(request, total)
        cause = self._fingerprint(request.selection)
        places = range(begin, min(begin + request.limit, total))
        rows = [self._row(self._times.place(place, cause)) for place in places]
        return LetterPage(
            rows=rows,
            following=str(begin + len(rows)) if begin + len(rows) < total else None,
            preceding=str(begin) if begin else None,
            total=total,
            total_is_exact=True,
            position=begin,
        )

    def letter(self, environment: str, message_id: str) -> LetterDetail:
        """Three failures and a payload."""
        self._answer()
        row = self._row(int(message_id.removeprefix("letter-")))
        body = self._payload(row)
        revisions = self.revisions.get(message_id, [])
        given = self.attributes.get(message_id)
        known = row.model_dump() | {"state": self.states.get(message_id, row.state)}
        if given is not None:
            known |= given.model_dump(include={"owner", "note", "priority", "labels"})
        return LetterDetail(
            **known,
            routing_key="enrichment.requests",
            source_service="metadata-enrichment",
            correlation_id="0af7651916cd43dd",
            trace_id="0af7651916cd43dd8448eb211c80319c",
            track_id="t-1001",
            generation=row.attempts - 1,
            reason="",
            proof=None,
            headers={"content-type": "application/json", "sn-dlq-gen": row.attempts - 1},
            content_type="application/json",
            payload_text=body[:LARGEST].decode("utf-8", "backslashreplace"),
            payload_base64=base64.b64encode(body).decode() if len(body) <= LARGEST else None,
            payload_bytes=len(body),
            payload_sha256=hashlib.sha256(body).hexdigest(),
            revision=revisions[-1].number if revisions else None,
            revisions=revisions,
            attempt_list=[self._attempt(row, place) for place in range(row.attempts)],
            audit=self._audits(row),
        )

    def _payload(self, row: LetterRow) -> bytes:
        if self.body is not None:
            return self.body
        return (
            f'{{\n  "track_id": "7c1e9f0a",\n  "artist_name": "{row.artist or ""}",\n'
            f'  "track_title": "{row.title}",\n'
            '  "priority": 5,\n  "release": 9007199254740993\n}'
        ).encode()

    # Acting ----------------------------------------------------------------------------------------------

    def keep_note(self, environment: str, fingerprint: str, change: CauseNoteChange) -> CauseNote:
        """Kept."""
        self._act("keep_note", change)
        self.notes[fingerprint] = CauseNote(
            version=change.version + 1,
            owner=change.owner,
            note=change.note,
            changed_by=change.author,
            changed_at=self._clock(),
        )
        return self.notes[fingerprint]

    def edit(self, environment: str, message_id: str, edit: LetterEdit) -> LetterDetail:
        """A revision."""
        self._act("edit", edit)
        if edit.retry:
            self.states[message_id] = DeadLetterState.PUBLISHING
        kept = self.revisions.setdefault(message_id, [])
        given = edit.payload_base64
        body = base64.b64decode(given) if given is not None else (edit.payload_text or "").encode()
        kept.append(
            RevisionEntry(
                number=len(kept) + 1,
                author=edit.author,
                reason=edit.reason,
                created_at=self._clock(),
                payload_text=body.decode("utf-8", "backslashreplace"),
                payload_base64=base64.b64encode(body).decode(),
                sha256=hashlib.sha256(body).hexdigest(),
            )
        )
        return self.letter(environment, message_id)

    def set_attributes(self, environment: str, message_id: str, attributes: LetterAttributes) -> LetterDetail:
        """As asked."""
        self._act("set_attributes", attributes)
        self.attributes[message_id] = attributes
        return self.letter(environment, message_id)

    def control_letter(self, environment: str, message_id: str, control: LetterControl) -> LetterDetail:
        """As asked."""
        self._act("control_letter", control)
        self.states[message_id] = {
            LetterCommand.RETRY: DeadLetterState.IN_FLIGHT,
            LetterCommand.DISCARD: DeadLetterState.DISCARDED,
            LetterCommand.QUARANTINE: DeadLetterState.QUARANTINED,
        }.get(control.command, DeadLetterState.FAILED)
        return self.letter(environment, message_id)

    def preview(self, environment: str, request: OperationRequest) -> OperationPreview:
        """What the design's picture would say."""
        self._answer()
        total = self._total(request.selection)
        patch = request.options.patch
        return OperationPreview(
            kind=request.kind,
            matching=total,
            acting=total,
            skipped=[],
            by_cause=self._shares(request.selection, total, 1),
            by_provider=self._shares(request.selection, total, 2),
            by_age=[Share(name="under an hour", count=total)],
            calls=[Share(name="discogs", count=total), Share(name="musicbrainz", count=2 * total)],
            seconds=2 * total,
            budget_share=0.2,
            needs_typed_count=total > 10_000,
            patch=None if patch is None else self._tried(request.selection, patch, total),
        )

    def freeze(self, environment: str, request: OperationRequest) -> Operation:
        """One more operation."""
        self._act("freeze", request)
        total = self._total(request.selection)
        made = Operation(
            id=f"op-{len(self.operations_made) + 1}",
            kind=request.kind,
            state=OperationState.FROZEN,
            version=1,
            title=request.title or request.kind.value.capitalize(),
            author=request.author,
            reason=request.reason,
            selection=request.selection,
            options=request.options,
            total=total,
            counts={"pending": total},
            undoes=request.undoes,
            created_at=self._clock(),
        )
        self.operations_made.append(made)
        return made

    def control_operation(self, environment: str, operation_id: str, control: OperationControl) -> Operation:
        """One step further."""
        self._act("control_operation", control)
        place = next(at for at, one in enumerate(self.operations_made) if one.id == operation_id)
        changed = driven(self.operations_made[place], control, self._clock())
        self.operations_made[place] = changed
        return changed

    def operation(self, environment: str, operation_id: str) -> Operation:
        """As it was left."""
        return next(one for one in self.operations_made if one.id == operation_id)

    def operations(self, environment: str, limit: int) -> Sequence[Operation]:
        """Newest first."""
        return self.operations_made[::-1][:limit]

    def items(
        self, environment: str, operation_id: str, outcome: str | None, after: int | None
    ) -> OperationItemPage:
        """As many of each outcome as it says."""
        return members(self.operation(environment, operation_id), outcome, after, self._clock())

    def export(self, environment: str, selection: Selection, path: str) -> int:
        """Nothing is written."""
        self._act("export", path)
        return self._total(selection)

    def operator(self) -> str:
        """Who is at the console."""
        return "ada@desk-1"

    # Parts -----------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        if self.error is not None:
            raise self.error

    def _act(self, name: str, what: object) -> None:
        self._answer()
        if self.conflict is not None:
            raise self.conflict
        self.asked.append((name, what))

    def _total(self, selection: Selection) -> int:
        if selection.message_ids is not None:
            return len(selection.message_ids)
        if selection.query == "artist:nobody":
            return 0
        return self._times.number(self._fingerprint(selection)) - len(selection.except_ids)

    @property
    def _times(self) -> SampleTimes:
        return SampleTimes(self.letters)

    @staticmethod
    def _fingerprint(selection: Selection) -> str | None:
        return selection.fingerprint if selection.fingerprint in {cause[0] for cause in CAUSES} else None

    def _shares(self, selection: Selection, total: int, part: int) -> list[Share]:
        """By a part of each cause: its title (1) or its provider (2)."""
        chosen = self._fingerprint(selection)
        if chosen is not None or selection.message_ids is not None:
            cause = next(one for one in CAUSES if one[0] == (chosen or "c503"))
            return [Share(name=cause[part] or "no provider alone", count=total)]
        numbers = ((cause[part], self._times.number(cause[0])) for cause in CAUSES)
        return [Share(name=name or "no provider alone", count=number) for name, number in numbers if number]

    @staticmethod
    def _begin(request: PageRequest, total: int) -> int:
        if request.after is not None:
            return int(request.after)
        if request.before is not None:
            return max(0, int(request.before) - request.limit)
        return int((request.at_fraction or 0.0) * total)

    def _row(self, place: int) -> LetterRow:
        artist, title = TRACKS[place % len(TRACKS)]
        age, key = self._times.failure(place)
        _key, _title, provider, kind, message = next(cause for cause in CAUSES if cause[0] == key)
        return LetterRow(
            message_id=f"letter-{place}",
            state=self.states.get(f"letter-{place}", DeadLetterState.FAILED),
            version=3,
            artist=None if key == "cempty" else artist,
            title=title,
            provider=provider,
            error_type=kind,
            error_message=message,
            fingerprint=key,
            attempts=2 + place % 2,
            failed_at=self._clock() - age,
            first_failed_at=self._clock() - age - (1 + place % 2) * BETWEEN,
        )

    def _cause(self, key: str, title: str, provider: str | None, kind: str, sample: str) -> Cause:
        now, times = self._clock(), self._times
        number = times.number(key)
        opened, closed = (now - age for age in OUTAGE)
        inside = times.within(now, opened, closed, 1, key)[0]
        explained = Explanation(interval=self._outage(), count=inside, share=inside / number)
        return Cause(
            fingerprint=key,
            title=title,
            detail=" · ".join(part for part in (provider, "label" if provider else "intake") if part),
            provider=provider,
            outcome_class="failure",
            error_type=kind,
            sample_message=sample,
            open=number,
            pending=number,
            by_state={"failed": number},
            first_seen=now - times.failure(times.place(number - 1, key))[0],
            last_seen=now - times.failure(times.place(0, key))[0],
            trend=times.within(now, now - timedelta(hours=1), now, 12, key),
            explained=[explained] if key == "c503" else [],
            note=self.notes.get(key, CauseNote()),
        )

    def _outage(self) -> Interval:
        return Interval(
            kind=IntervalKind.BREAKER_OPEN,
            subject="discogs",
            source_key="breaker/discogs/1",
            started_at=self._clock() - OUTAGE[0],
            ended_at=self._clock() - OUTAGE[1],
        )

    @staticmethod
    def _attempt(row: LetterRow, place: int) -> AttemptEntry:
        held_back = row.fingerprint == "c503" and place == 1 and row.attempts > place + 1
        return AttemptEntry(
            generation=place,
            provider=row.provider,
            outcome_class="failure",
            error_type=row.error_type,
            error_message="discogs was not called: its breaker is open" if held_back else row.error_message,
            stack_trace="Traceback (most recent call last):\n  …",
            place="gathering",
            fingerprint=row.fingerprint,
            failed_at=row.failed_at - (row.attempts - 1 - place) * BETWEEN,
        )

    @staticmethod
    def _audits(row: LetterRow) -> list[AuditEntry]:
        received = AuditEntry(
            action="received",
            actor="intake",
            reason="",
            from_state=None,
            to_state=DeadLetterState.FAILED,
            version=1,
            happened_at=row.first_failed_at + timedelta(seconds=1),
        )
        sent = received.model_copy(
            update={
                "action": "replay",
                "actor": "ada@desk-1",
                "from_state": DeadLetterState.FAILED,
                "to_state": DeadLetterState.PUBLISHING,
                "version": 2,
                "happened_at": row.first_failed_at + timedelta(seconds=40),
            }
        )
        return [received, sent]

    def _tried(self, selection: Selection, patch: list[dict[str, Any]], total: int) -> PatchTrial:
        """Really applied, to the first rows of what is selected."""
        steps, cause = read_patch(patch), self._fingerprint(selection)
        tried = min(total, ROUND)
        rows = [self._row(self._times.place(number, cause)) for number in range(tried)]
        samples, failures, unchanged = [], Counter[str](), 0
        for row in rows:
            before = self._payload(row)
            try:
                after = patched(before, steps)
            except PatchFailedError as error:
                failures[str(error)] += 1
                continue
            unchanged += after == before
            if after != before:
                texts = {"before": before.decode(), "after": after.decode()}
                samples.append(PatchSample(message_id=row.message_id, **texts))
        return PatchTrial(
            applies=len(samples),
            fails=failures.total(),
            unchanged=unchanged,
            failures=[Share(name=name, count=number) for name, number in failures.most_common()],
            samples=samples[:5],
        )
