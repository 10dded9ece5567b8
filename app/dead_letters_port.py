"""Dead letters for the console and the command line."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from app.operator import operator
from backend.clients.dead_letters import DeadLettersClient
from backend.clients.json_service import WriteGuard
from backend.contracts.access import refuse_production
from backend.contracts.dead_letter_contrast import Contrast
from backend.contracts.dead_letter_operations import (
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
from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError


class Place(Protocol):
    """What is needed of a target."""

    @property
    def environment(self) -> Environment:
        """The profile."""

    def admin_token(self) -> str:
        """Bearer token of admin calls."""


class DeadLetters:
    """The dead-letters port of the controllers, and what the command line uses."""

    def __init__(self, place: Callable[[str], Place], guard: WriteGuard = refuse_production) -> None:
        self._place = place
        self._guard = guard

    def meter(self, environment: str) -> Meter:
        """Whether everything that was ever received is somewhere."""
        return self._client(environment).meter()

    def events(self, environment: str) -> Iterator[Meter | Operation]:
        """The live stream; OperatorError when it cannot be opened, breaks, or is silent for 3 s."""
        return self._client(environment).events()

    def causes(self, environment: str) -> CauseList:
        """Causes with open letters, most first."""
        return self._client(environment).causes()

    def contrast(self, environment: str, fingerprint: str) -> Contrast:
        """What the payloads of a cause have in common that others do not."""
        return self._client(environment).contrast(fingerprint)

    def timeline(
        self, environment: str, begin: datetime, end: datetime, fingerprint: str | None
    ) -> TimeStrip:
        """Open letters over time, with what was known to be wrong."""
        return self._client(environment).timeline(begin, end, fingerprint)

    def page(self, environment: str, request: PageRequest) -> LetterPage:
        """A page of the table."""
        return self._client(environment).page(request)

    def letter(self, environment: str, message_id: str) -> LetterDetail:
        """One letter with everything about it."""
        return self._client(environment).letter(message_id)

    def keep_note(self, environment: str, fingerprint: str, change: CauseNoteChange) -> CauseNote:
        """Keep what people know about a cause."""
        return self._client(environment).keep_note(fingerprint, change)

    def edit(self, environment: str, message_id: str, edit: LetterEdit) -> LetterDetail:
        """Keep a revision, and send it if asked."""
        return self._client(environment).edit(message_id, edit)

    def set_attributes(self, environment: str, message_id: str, attributes: LetterAttributes) -> LetterDetail:
        """Change owner, note, priority and labels."""
        return self._client(environment).set_attributes(message_id, attributes)

    def control_letter(self, environment: str, message_id: str, control: LetterControl) -> LetterDetail:
        """Do something to one letter."""
        return self._client(environment).control_letter(message_id, control)

    def preview(self, environment: str, request: OperationRequest) -> OperationPreview:
        """What an operation would do. Changes nothing."""
        return self._client(environment).preview(request)

    def freeze(self, environment: str, request: OperationRequest) -> Operation:
        """Make an operation and freeze its membership. Starts nothing."""
        return self._client(environment).freeze(request)

    def control_operation(self, environment: str, operation_id: str, control: OperationControl) -> Operation:
        """Start, accept, pause, resume, cancel, or change the pace."""
        return self._client(environment).control_operation(operation_id, control)

    def operation(self, environment: str, operation_id: str) -> Operation:
        """One operation as it is now."""
        return self._client(environment).operation(operation_id)

    def operations(self, environment: str, limit: int) -> Sequence[Operation]:
        """Operations, newest first."""
        return self._client(environment).operations(limit)

    def items(
        self, environment: str, operation_id: str, outcome: str | None, after: int | None
    ) -> OperationItemPage:
        """Members of an operation with what became of them."""
        return self._client(environment).items(operation_id, outcome, after)

    def export(self, environment: str, selection: Selection, path: str) -> int:
        """Write a sealed bundle to a file; how many letters it holds."""
        request = ExportRequest(selection=selection, author=operator())
        bundle, letters = self._client(environment).export(request)
        try:
            Path(path).write_bytes(bundle)
        except OSError as error:
            cause = error.strerror or str(error)
            raise OperatorError(
                f"The bundle cannot be written to {path}: {cause}.", "Choose another place."
            ) from None
        return letters

    def operator(self) -> str:
        """Who is at the console, as `user@host`."""
        return operator()

    def _client(self, environment: str) -> DeadLettersClient:
        place = self._place(environment)
        return DeadLettersClient(
            place.environment, place.admin_token(), guard=self._guard, operator=operator()
        )
