"""The dialogs of the dead-letter screen, and what is done with what they ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from backend.contracts.dead_letter_operations import (
    LetterCommand,
    OperationKind,
    OperationRequest,
)
from backend.contracts.dead_letter_views import Cause, CauseNote
from backend.contracts.errors import OperatorError
from controllers.dead_letters_payload import editable_text
from controllers.wording import plural
from views.dead_letters.attributes_dialog import AttributesDialog
from views.dead_letters.bulk_dialog import BulkDialog
from views.dead_letters.contrast_dialog import ContrastDialog
from views.dead_letters.edit_dialog import EditDialog
from views.dead_letters.note_dialog import NoteDialog
from views.dead_letters.patch_dialog import PatchDialog
from views.dead_letters.reason_dialog import ReasonDialog
from views.theme.theme import Theme
from views.widgets.overlay import Overlay

if TYPE_CHECKING:
    from views.dead_letters.view import DeadLettersView

SAMPLE = 20
_CONSEQUENCES = {
    LetterCommand.DISCARD: (
        "Discard this letter?",
        "It is let go. Its bytes are kept, and it can be undone.",
    ),
    LetterCommand.QUARANTINE: (
        "Quarantine this letter?",
        "Bulk retries leave it alone until it is released.",
    ),
    LetterCommand.RELEASE: ("Release this letter?", "It can be retried in bulk again."),
    LetterCommand.UNDO: ("Take the discard back?", "The letter is what it was before."),
    LetterCommand.RESOLVE: (
        "Mark this letter as resolved?",
        "No success was reported. Your reason is kept as the proof that it was processed.",
    ),
    LetterCommand.GIVE_UP_WAITING: (
        "Give up waiting for this letter?",
        "It counts as failed again and can be retried. A success that is reported later is only recorded.",
    ),
}


class Acting(QObject):
    """Belongs to the view; `dialog` is the one that is open."""

    def __init__(self, theme: Theme, view: DeadLettersView) -> None:
        super().__init__(view)
        self._theme, self._view = theme, view
        self._acts = view.controller.acts
        self.dialog: Overlay | None = None
        self._waiting: Callable[[], None] | None = None
        """What was asked while the letters of the last choice were still being read."""

    def wire(self) -> None:
        """Connect the view's buttons."""
        view = self._view
        view.sample_button.clicked.connect(self.ask_sample)
        view.retry_button.clicked.connect(self.ask_retry)
        view.discard_button.clicked.connect(self.ask_discard)
        view.more_button.clicked.connect(self.ask_quarantine)
        view.patch_button.clicked.connect(self.ask_patch)
        view.contrast_button.clicked.connect(self.ask_contrast)
        view.note_button.clicked.connect(self.ask_note)
        view.export_button.clicked.connect(self.ask_export)
        view.panel.commanded.connect(self._on_command)
        view.panel.edit_asked.connect(self.ask_edit)
        view.panel.attributes_asked.connect(self.ask_attributes)
        view.panel.track_asked.connect(view.track_asked)
        view.controller.table_read.connect(self._on_table_read)
        self._acts.failed.connect(self._on_failed)
        self._acts.busy_changed.connect(self._on_busy)
        self._acts.note_kept.connect(self._on_note_kept)
        self._acts.exported.connect(self._on_exported)

    @Slot()
    def ask_sample(self) -> None:
        """Retry what is meant, a sample first."""
        self._once_read(partial(self._ask_bulk, OperationKind.RETRY, canary=SAMPLE))

    @Slot()
    def ask_retry(self) -> None:
        """Retry what is meant."""
        self._once_read(partial(self._ask_bulk, OperationKind.RETRY))

    @Slot()
    def ask_discard(self) -> None:
        """Let go of what is meant."""
        self._once_read(partial(self._ask_bulk, OperationKind.DISCARD))

    @Slot()
    def ask_quarantine(self) -> None:
        """Set aside what is meant."""
        self._once_read(partial(self._ask_bulk, OperationKind.QUARANTINE))

    @Slot()
    def ask_edit(self) -> None:
        """Edit the payload of the letter that is open."""
        letter = self._view.panel.letter
        text = None if letter is None else editable_text(letter)
        if text is None or not self._view.panel.edit_button.isVisible():
            return
        dialog = EditDialog(self._view.window(), text)
        dialog.edited.connect(self._on_edited)
        self._open(dialog)
        dialog.ask()

    @Slot()
    def ask_patch(self) -> None:
        """Correct what is meant with a JSON Patch."""
        self._once_read(self._ask_patch)

    def _ask_patch(self) -> None:
        table = self._view.controller.table
        if not table.total:
            return
        dialog = PatchDialog(self._theme, self._acts, table.meant(), self._view.title(), self._view.window())
        dialog.decided.connect(self._on_decided)
        self._open(dialog)
        dialog.ask()

    @Slot()
    def ask_attributes(self) -> None:
        """Owner, note, priority and labels of the letter that is open."""
        letter = self._view.panel.letter
        if letter is None:
            return
        dialog = AttributesDialog(letter, self._view.window())
        dialog.kept.connect(partial(self._acts.set_attributes, letter))
        self._open(dialog)
        dialog.ask()

    @Slot()
    def ask_contrast(self) -> None:
        """What the payloads of the chosen cause have in common."""
        cause, environment = self._view.cause(), self._view.controller.environment
        if cause is None or environment is None:
            return
        reader = self._view.controller.contrast
        dialog = ContrastDialog(self._theme, reader, environment.name, cause, self._view.window())
        self._open(dialog)
        dialog.ask()

    @Slot()
    def ask_note(self) -> None:
        """Write down what is known about the cause that is chosen."""
        cause = self._view.cause()
        if cause is None:
            return
        dialog = NoteDialog(cause, self._view.window())
        dialog.kept.connect(partial(self._on_note, cause))
        self._open(dialog)
        dialog.ask()

    @Slot()
    def ask_export(self) -> None:
        """Ask for a file, then write a bundle of what is meant."""
        dialog = QFileDialog(self._view.window(), "Export a sealed bundle")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("Bundle (*.tar.gz)")
        dialog.selectFile("dead-letters.tar.gz")
        dialog.fileSelected.connect(self._on_file)
        dialog.open()

    def _ask_bulk(self, kind: OperationKind, canary: int = 0) -> None:
        table = self._view.controller.table
        if not table.total:
            return
        dialog = BulkDialog(
            self._theme,
            self._acts,
            kind,
            table.meant(),
            self._view.title(),
            self._view.window(),
            canary=canary,
        )
        dialog.decided.connect(self._on_decided)
        self._open(dialog)
        dialog.ask()

    @Slot()
    def forget(self) -> None:
        """What was asked is of another environment."""
        self._waiting = None

    def _once_read(self, ask: Callable[[], None]) -> None:
        """Ask now, or when the letters of what was chosen last are there: never about those before."""
        if self.dialog is None:
            self._waiting = ask
            self._on_table_read()

    @Slot()
    def _on_table_read(self) -> None:
        waiting = self._waiting
        if waiting is not None and self._view.controller.is_settled and self.dialog is None:
            self._waiting = None
            waiting()

    def _open(self, dialog: Overlay) -> None:
        self.dialog = dialog
        dialog.closed.connect(self._on_closed)

    @Slot()
    def _on_closed(self) -> None:
        self.dialog = None

    @Slot(object, object, object)
    def _on_decided(self, request: OperationRequest, typed: int | None, seen: int | None) -> None:
        self._acts.start(request, typed, seen)

    @Slot(object)
    def _on_command(self, command: LetterCommand) -> None:
        letter = self._view.panel.letter
        if letter is None:
            return
        if command is LetterCommand.RETRY:
            self._acts.command(letter, command)
            return
        title, consequence = _CONSEQUENCES[command]
        dialog = ReasonDialog(self._view.window(), title, consequence, title.split()[0])
        dialog.given.connect(partial(self._acts.command, letter, command))
        self._open(dialog)
        dialog.ask()

    @Slot(object, str, bool)
    def _on_edited(self, payload: str, reason: str, retry: bool) -> None:
        letter = self._view.panel.letter
        if letter is not None:
            self._acts.edit(letter, payload, reason, retry=retry)

    def _on_note(self, cause: Cause, note: str, owner: str) -> None:
        self._acts.keep_note(cause.fingerprint, cause.note, note, owner)

    @Slot(object)
    def _on_note_kept(self, _note: CauseNote) -> None:
        self._view.told.emit("The note is kept.")
        self._view.controller.read_groups()

    @Slot(str)
    def _on_file(self, path: str) -> None:
        self._acts.export(self._view.controller.table.meant(), path)

    @Slot(int)
    def _on_exported(self, letters: int) -> None:
        self._view.told.emit(f"{plural(letters, 'letter')} written to the bundle.")

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self._view.show_error(error)
        # Whoever was faster: what is shown is looked at again, so that the next decision is about that.
        if self._view.panel.letter is not None:
            self._view.controller.open(self._view.panel.letter.message_id)

    @Slot(bool)
    def _on_busy(self, busy: bool) -> None:
        self._view.panel.show_busy(busy=busy)
