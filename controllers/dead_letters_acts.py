"""What an operator does on the dead-letter screen: to one letter, and to many."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from backend.contracts.dead_letter_operations import (
    DeadLetterConflictError,
    LetterAttributes,
    LetterCommand,
    LetterControl,
    LetterEdit,
    Operation,
    OperationCommand,
    OperationControl,
    OperationKind,
    OperationOptions,
    OperationRequest,
)
from backend.contracts.dead_letter_views import CauseNote, CauseNoteChange, LetterDetail, Selection
from controllers import operations
from controllers.dead_letters_port import DeadLettersPort
from controllers.operations import Background


def changed_meanwhile(now: int, expected: int) -> DeadLetterConflictError:
    """Letters came or went between what the operator saw and what was frozen."""
    return DeadLetterConflictError(
        f"It would act on {now} letters now, not on the {expected} that you saw. Nothing was done.",
        "Look at the preview again, then decide.",
    )


def _withdrawn(made: Operation, request: OperationRequest) -> OperationControl:
    return OperationControl(
        command=OperationCommand.CANCEL,
        version=made.version,
        author=request.author,
        reason="the number of letters changed before it started",
    )


class LetterActs(QObject):
    """Signals: `letter_changed` with a LetterDetail; `operation_changed` with an Operation; `previewed` with
    an OperationPreview; `note_kept` with a CauseNote; `exported` with the number of letters; `failed` and
    `preview_failed` with an OperatorError; `busy_changed`.
    """

    letter_changed = Signal(object)
    operation_changed = Signal(object)
    previewed = Signal(object)
    note_kept = Signal(object)
    exported = Signal(int)
    failed = Signal(object)
    preview_failed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, port: DeadLettersPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._port = port
        self._environment = ""
        self._act = operations.Operation(background, self)
        self._act.succeeded.connect(self._on_done)
        self._act.failed.connect(self.failed)
        self._act.started.connect(partial(self.busy_changed.emit, True))
        self._act.finished.connect(partial(self.busy_changed.emit, False))
        self._preview = operations.Operation(background, self)
        self._preview.succeeded.connect(self.previewed)
        self._preview.failed.connect(self.preview_failed)

    def set_environment(self, environment: str) -> None:
        """Act on another environment from now on."""
        self._act.cancel()
        self._preview.cancel()
        self._environment = environment

    def command(self, letter: LetterDetail, command: LetterCommand, reason: str = "") -> None:
        """Do something to one letter as it was seen."""
        control = LetterControl(
            command=command, version=letter.version, author=self._port.operator(), reason=reason
        )
        self._run(partial(self._port.control_letter, self._environment, letter.message_id, control))

    def edit(self, letter: LetterDetail, payload: str, reason: str, *, retry: bool) -> None:
        """Keep a revision of one letter's payload, and send it if asked."""
        change = LetterEdit(
            version=letter.version,
            payload_text=payload,
            retry=retry,
            author=self._port.operator(),
            reason=reason,
        )
        self._run(partial(self._port.edit, self._environment, letter.message_id, change))

    def keep_note(self, fingerprint: str, before: CauseNote, note: str, owner: str) -> None:
        """Keep what people know about a cause."""
        change = CauseNoteChange(
            version=before.version,
            owner=owner or None,
            note=note,
            runbook=before.runbook,
            author=self._port.operator(),
        )
        self._run(partial(self._port.keep_note, self._environment, fingerprint, change))

    def preview(self, request: OperationRequest) -> None:
        """Count what an operation would do."""
        self._preview.run(partial(self._port.preview, self._environment, request))

    def start(self, request: OperationRequest, typed_count: int | None, expected: int | None = None) -> None:
        """Freeze the members and start; not when they are others in number than the `expected` ones."""
        self._run(partial(self._freeze_and_start, self._environment, request, typed_count, expected))

    def undo(self, operation: Operation) -> None:
        """Take a discard or a quarantine back."""
        request = self.request(OperationKind.UNDO, Selection(), OperationOptions(), "taken back")
        request = request.model_copy(update={"undoes": operation.id, "title": f"Undo: {operation.title}"})
        self._run(partial(self._freeze_and_start, self._environment, request, None, None))

    def control(self, operation: Operation, command: OperationCommand) -> None:
        """Start, accept, pause, resume or cancel an operation as it was seen."""
        control = OperationControl(command=command, version=operation.version, author=self._port.operator())
        self._run(partial(self._port.control_operation, self._environment, operation.id, control))

    def set_pace(self, operation: Operation, per_second: float | None) -> None:
        """Another pace from the next letter on; none: as fast as the limits allow."""
        control = OperationControl(
            command=OperationCommand.PACE,
            version=operation.version,
            author=self._port.operator(),
            per_second=per_second,
        )
        self._run(partial(self._port.control_operation, self._environment, operation.id, control))

    def set_attributes(
        self, letter: LetterDetail, owner: str, note: str, priority: int, labels: list[str]
    ) -> None:
        """Owner, note, priority and labels of one letter as it was seen."""
        attributes = LetterAttributes(
            version=letter.version,
            owner=owner or None,
            note=note,
            priority=priority,
            labels=labels,
            author=self._port.operator(),
        )
        self._run(partial(self._port.set_attributes, self._environment, letter.message_id, attributes))

    def export(self, selection: Selection, path: str) -> None:
        """Write a sealed bundle to a file."""
        self._run(partial(self._port.export, self._environment, selection, path))

    def request(
        self,
        kind: OperationKind,
        selection: Selection,
        options: OperationOptions,
        reason: str,
        title: str = "",
    ) -> OperationRequest:
        """An operation by the person at the console."""
        return OperationRequest(
            kind=kind,
            selection=selection,
            options=options,
            author=self._port.operator(),
            reason=reason,
            title=title,
        )

    def _freeze_and_start(
        self, environment: str, request: OperationRequest, typed_count: int | None, expected: int | None
    ) -> Operation:
        made = self._port.freeze(environment, request)
        if expected is not None and made.total != expected:
            self._port.control_operation(environment, made.id, _withdrawn(made, request))
            raise changed_meanwhile(made.total, expected)
        typed = made.total if request.kind is OperationKind.UNDO else typed_count
        control = OperationControl(
            command=OperationCommand.START,
            version=made.version,
            author=request.author,
            reason=request.reason,
            typed_count=typed,
        )
        return self._port.control_operation(environment, made.id, control)

    def _run(self, call: Callable[[], object]) -> None:
        self._act.run(call)

    def _on_done(self, result: object) -> None:
        if isinstance(result, LetterDetail):
            self.letter_changed.emit(result)
        elif isinstance(result, Operation):
            self.operation_changed.emit(result)
        elif isinstance(result, CauseNote):
            self.note_kept.emit(result)
        elif isinstance(result, int):
            self.exported.emit(result)
