"""What a draft stands on: the version in force, and what becomes of the draft when another comes first."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.waterfall import WaterfallConfiguration, WaterfallDraft
from controllers.waterfall_editor import WaterfallEditor
from controllers.waterfall_edits import Draft, untouched
from controllers.waterfall_rebase import Choice, Rebase


class WaterfallStanding(QObject):
    """A draft is never laid over a version that its author has not seen.

    Signals: `overtaken` when another version is in force than the draft stands on; `told` with a sentence.
    """

    overtaken = Signal()
    told = Signal(str)

    def __init__(self, editor: WaterfallEditor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.newest: WaterfallConfiguration | None = None
        """The version in force, as it was read last."""

    @property
    def conflict(self) -> Rebase | None:
        """Somebody else's version that the draft does not stand on; none when there is no such version."""
        draft, newest = self._editor.draft, self.newest
        if draft is None or newest is None or newest.version == draft.base.version or not draft.changed:
            return None
        return Rebase(draft, newest)

    def begin(self, in_force: WaterfallConfiguration, kept: WaterfallDraft | None) -> None:
        """Edit the draft that was kept, or what is in force."""
        self.newest = in_force
        draft = Draft(kept.base, tuple(kept.fields)) if kept is not None else untouched(in_force)
        if draft.changed:
            self._editor.begin(draft)
            self.told.emit(f"Your draft on version {draft.base.version} is here again.")
        else:
            self._editor.begin(untouched(in_force))

    def forget(self) -> None:
        """Stand on nothing: another environment is turned to."""
        self.newest = None
        self._editor.forget()

    @Slot(object)
    def see(self, in_force: WaterfallConfiguration) -> None:
        """Follow what is in force, unless the draft changes something: then that is its author's decision."""
        draft = self._editor.draft
        if draft is None or in_force == self.newest:
            return
        self.newest = in_force
        if draft.changed:
            self.overtaken.emit()
        elif in_force.version != draft.base.version:
            self._editor.begin(untouched(in_force))
            self.told.emit(f"Version {in_force.version} by {in_force.author} is in force now.")

    def take_theirs(self) -> None:
        """Give up the changes for the version that came first. Undo brings them back."""
        if self.newest is not None:
            self._editor.replace(untouched(self.newest), f"take version {self.newest.version}")

    def keep_mine(self, choices: Mapping[str, Choice]) -> None:
        """Lay the changes over the version that came first; fields that both changed as chosen."""
        conflict = self.conflict
        if conflict is not None and conflict.decided(choices):
            label = f"put changes on version {conflict.theirs.version}"
            self._editor.replace(conflict.on_top(choices), label)

    def revert_to(self, version: WaterfallConfiguration) -> None:
        """Make the draft what an earlier version was. Undo brings the draft back; nothing is applied yet."""
        if self.newest is not None:
            draft = Draft(self.newest, tuple(version.fields))
            self._editor.replace(draft, f"revert to version {version.version}")
