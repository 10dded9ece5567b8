"""The DLQ manager's dead letters, seen and acted on. What goes wrong is an OperatorError."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter

from backend.clients.event_stream import read_events
from backend.clients.json_service import JsonService, WriteGuard, detail_of
from backend.contracts.access import refuse_production
from backend.contracts.dead_letter_bundle import LETTERS_HEADER
from backend.contracts.dead_letter_contrast import Contrast
from backend.contracts.dead_letter_operations import (
    DeadLetterConflictError,
    ExportRequest,
    LetterAttributes,
    LetterControl,
    LetterEdit,
    Operation,
    OperationControl,
    OperationItemPage,
    OperationPreview,
    OperationRequest,
)
from backend.contracts.dead_letter_query import with_caller
from backend.contracts.dead_letter_views import (
    EVENT_METER,
    EVENT_OPERATION,
    CauseList,
    CauseNote,
    CauseNoteChange,
    Interval,
    IntervalReport,
    IntervalsKept,
    LetterDetail,
    LetterPage,
    Meter,
    PageRequest,
    TimeStrip,
)
from backend.contracts.environment import DLQ_MANAGER, Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.http import httpx

_PREVIEW_SECONDS = 15.0
_FREEZE_SECONDS = 120.0
"""A million members take some seconds to freeze."""
_EXPORT_SECONDS = 120.0
_EVENTS: Mapping[str, Callable[[str], Meter | Operation]] = {
    EVENT_METER: Meter.model_validate_json,
    EVENT_OPERATION: Operation.model_validate_json,
}


class DeadLettersClient:
    """One environment's DLQ manager. Each call has a connection of its own and may run in any thread."""

    def __init__(
        self,
        environment: Environment,
        token: str = "",
        timeout: float = 10.0,
        guard: WriteGuard = refuse_production,
        operator: str = "",
    ) -> None:
        """`operator` is whom `owner:me` means in a query."""
        self._operator = operator
        self._calls = JsonService(environment, DLQ_MANAGER, token, timeout, _conflict, guard)

    def meter(self) -> Meter:
        """Whether everything that was ever received is somewhere."""
        return self._calls.get("/dlq/meter", TypeAdapter(Meter))

    def events(self) -> Iterator[Meter | Operation]:
        """The live stream; blocks between items. It ends only by OperatorError, or when it is closed."""
        return read_events(self._calls, "/dlq/events", _EVENTS)

    def causes(self) -> CauseList:
        """Causes with open letters, most first."""
        return self._calls.get("/dlq/causes", TypeAdapter(CauseList))

    def contrast(self, fingerprint: str) -> Contrast:
        """What the payloads of a cause have in common that others do not."""
        path = f"/dlq/causes/{quote(fingerprint, safe='')}/contrast"
        return self._calls.get(path, TypeAdapter(Contrast))

    def timeline(self, begin: datetime, end: datetime, fingerprint: str | None) -> TimeStrip:
        """Open letters over time. Times with a zone."""
        return self._calls.get(
            "/dlq/timeline",
            TypeAdapter(TimeStrip),
            begin=begin.isoformat(),
            end=end.isoformat(),
            fingerprint=fingerprint,
        )

    def page(self, request: PageRequest) -> LetterPage:
        """A page of the table."""
        if self._operator:
            query = with_caller(request.selection.query, self._operator)
            selection = request.selection.model_copy(update={"query": query})
            request = request.model_copy(update={"selection": selection})
        return self._calls.post("/dlq/page", TypeAdapter(LetterPage), _body(request), changes=False)

    def letter(self, message_id: str) -> LetterDetail:
        """One letter with everything about it."""
        return self._calls.get(_letter(message_id), TypeAdapter(LetterDetail))

    def keep_note(self, fingerprint: str, change: CauseNoteChange) -> CauseNote:
        """Keep what people know about a cause."""
        path = f"/dlq/causes/{quote(fingerprint, safe='')}/note"
        return self._calls.put(path, TypeAdapter(CauseNote), _body(change))

    def edit(self, message_id: str, edit: LetterEdit) -> LetterDetail:
        """Keep a revision, and send it if asked."""
        return self._calls.post(f"{_letter(message_id)}/edit", TypeAdapter(LetterDetail), _body(edit))

    def set_attributes(self, message_id: str, attributes: LetterAttributes) -> LetterDetail:
        """Change owner, note, priority and labels."""
        path = f"{_letter(message_id)}/attributes"
        return self._calls.put(path, TypeAdapter(LetterDetail), _body(attributes))

    def control_letter(self, message_id: str, control: LetterControl) -> LetterDetail:
        """Do something to one letter."""
        return self._calls.post(f"{_letter(message_id)}/control", TypeAdapter(LetterDetail), _body(control))

    def preview(self, request: OperationRequest) -> OperationPreview:
        """What an operation would do. Changes nothing."""
        kind = TypeAdapter(OperationPreview)
        return self._calls.post(
            "/dlq/operations/preview", kind, _body(request), _PREVIEW_SECONDS, changes=False
        )

    def freeze(self, request: OperationRequest) -> Operation:
        """Make an operation and freeze its membership. Starts nothing."""
        return self._calls.post("/dlq/operations", TypeAdapter(Operation), _body(request), _FREEZE_SECONDS)

    def control_operation(self, operation_id: str, control: OperationControl) -> Operation:
        """Start, accept, pause, resume, cancel, or change the pace."""
        path = f"{_operation(operation_id)}/control"
        return self._calls.post(path, TypeAdapter(Operation), _body(control))

    def operation(self, operation_id: str) -> Operation:
        """One operation as it is now."""
        return self._calls.get(_operation(operation_id), TypeAdapter(Operation))

    def operations(self, limit: int) -> Sequence[Operation]:
        """Operations, newest first."""
        return self._calls.get("/dlq/operations", TypeAdapter(list[Operation]), limit=limit)

    def items(self, operation_id: str, outcome: str | None, after: int | None) -> OperationItemPage:
        """Members of an operation with what became of them."""
        path = f"{_operation(operation_id)}/items"
        return self._calls.get(path, TypeAdapter(OperationItemPage), outcome=outcome, after=after)

    def report_intervals(self, intervals: Sequence[Interval]) -> None:
        """Say when deployments were at work. Sent again, it replaces what was said before."""
        body = _body(IntervalReport(intervals=list(intervals)))
        # Bookkeeping that no operator decides on: it must come through after an unlocking has ended, too.
        self._calls.post("/dlq/intervals", TypeAdapter(IntervalsKept), body, changes=False)

    def export(self, request: ExportRequest) -> tuple[bytes, int]:
        """A sealed bundle, and how many letters are in it."""
        answer = self._calls.download("/dlq/export", _body(request), _EXPORT_SECONDS)
        return answer.content, int(answer.headers.get(LETTERS_HEADER, 0))


def _body(model: BaseModel) -> object:
    return model.model_dump(mode="json", exclude_none=True)


def _letter(message_id: str) -> str:
    return f"/dlq/letters/{quote(message_id, safe='')}"


def _operation(operation_id: str) -> str:
    return f"/dlq/operations/{quote(operation_id, safe='')}"


def _conflict(answer: httpx.Response) -> OperatorError | None:
    if answer.status_code != httpx.codes.CONFLICT:
        return None
    return DeadLetterConflictError(detail_of(answer), exit_code=ExitCode.REFUSED)
