"""What the dead-letter screen asks of the rest of the program; see `controllers.ports`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from backend.contracts.dead_letter_contrast import Contrast
from backend.contracts.dead_letter_operations import (
    LetterAttributes,
    LetterControl,
    LetterEdit,
    Operation,
    OperationControl,
    OperationItemPage,
    OperationPreview,
    OperationRequest,
)
from backend.contracts.dead_letter_views import (
    CauseList,
    CauseNote,
    CauseNoteChange,
    LetterDetail,
    LetterPage,
    Meter,
    PageRequest,
    Selection,
    TimeStrip,
)


class DeadLettersPort(Protocol):
    """Looks at dead letters and acts on them. DeadLetterConflictError: somebody else was first."""

    def meter(self, environment: str) -> Meter:
        """Whether everything that was ever received is somewhere."""

    def events(self, environment: str) -> Iterator[Meter | Operation]:
        """The live stream: at least one item a second.

        Blocks between items; OperatorError when the stream cannot be opened, breaks, or is silent for 3 s.
        """

    def causes(self, environment: str) -> CauseList:
        """Causes with open letters, most first."""

    def contrast(self, environment: str, fingerprint: str) -> Contrast:
        """What the payloads of a cause have in common that others do not."""

    def timeline(
        self, environment: str, begin: datetime, end: datetime, fingerprint: str | None
    ) -> TimeStrip:
        """Open letters over time, with what was known to be wrong."""

    def page(self, environment: str, request: PageRequest) -> LetterPage:
        """A page of the table."""

    def letter(self, environment: str, message_id: str) -> LetterDetail:
        """One letter with everything about it."""

    def keep_note(self, environment: str, fingerprint: str, change: CauseNoteChange) -> CauseNote:
        """Keep what people know about a cause."""

    def edit(self, environment: str, message_id: str, edit: LetterEdit) -> LetterDetail:
        """Keep a revision, and send it if asked."""

    def set_attributes(self, environment: str, message_id: str, attributes: LetterAttributes) -> LetterDetail:
        """Change owner, note, priority and labels."""

    def control_letter(self, environment: str, message_id: str, control: LetterControl) -> LetterDetail:
        """Do something to one letter."""

    def preview(self, environment: str, request: OperationRequest) -> OperationPreview:
        """What an operation would do. Changes nothing."""

    def freeze(self, environment: str, request: OperationRequest) -> Operation:
        """Make an operation and freeze its membership. Starts nothing."""

    def control_operation(self, environment: str, operation_id: str, control: OperationControl) -> Operation:
        """Start, accept, pause, resume, cancel, or change the pace."""

    def operation(self, environment: str, operation_id: str) -> Operation:
        """One operation as it is now."""

    def operations(self, environment: str, limit: int) -> Sequence[Operation]:
        """Operations, newest first."""

    def items(
        self, environment: str, operation_id: str, outcome: str | None, after: int | None
    ) -> OperationItemPage:
        """Members of an operation with what became of them."""

    def export(self, environment: str, selection: Selection, path: str) -> int:
        """Write a sealed bundle to a file; how many letters it holds."""

    def operator(self) -> str:
        """Who is at the console, as `user@host`."""
