"""Editing a draft of the waterfall: one method a thing that can be done, each of them undoable."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from backend.contracts.waterfall import (
    OnDisagreement,
    WaterfallField,
    WhenUnavailable,
)
from controllers import waterfall_edits as edits
from controllers.waterfall_edits import Draft
from controllers.waterfall_undo import Revision, UndoHistory


class WaterfallEditor(QObject):
    """Holds the draft, what was done to it, and the field that is looked at. In memory only.

    Signals: `changed` after the draft became another one; `selected` with a field's name; `spoken` with
    what a screen reader says of a change.
    """

    changed = Signal()
    selected = Signal(str)
    spoken = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history: UndoHistory | None = None
        self.selection = ""

    @property
    def draft(self) -> Draft | None:
        """The draft as it is now; none before a configuration was read."""
        return self._history.draft if self._history is not None else None

    @property
    def field(self) -> WaterfallField | None:
        """The field that is looked at, as the draft has it."""
        return self.draft.field(self.selection) if self.draft is not None else None

    @property
    def undo_label(self) -> str:
        """What undo would take back; empty when there is nothing."""
        return self._history.undo_label if self._history is not None else ""

    @property
    def redo_label(self) -> str:
        """What redo would do again; empty when there is nothing."""
        return self._history.redo_label if self._history is not None else ""

    def begin(self, draft: Draft) -> None:
        """Edit `draft` from now on; what was done to another one is forgotten."""
        self._history = UndoHistory(draft)
        self._keep_selection()
        self.changed.emit()

    def forget(self) -> None:
        """Have no draft."""
        self._history = None
        self.select("")
        self.changed.emit()

    def select(self, field: str) -> None:
        """Look at one field."""
        if field != self.selection:
            self.selection = field
            self.selected.emit(field)

    def move(self, place: int, target: int) -> None:
        """Put the source at `place` at `target`, both counted from 0."""
        field = self.field
        if field is None or place == target or not 0 <= target < len(field.sources):
            return
        provider = field.sources[place].provider
        self._push(f"move {provider} in {field.field}", edits.moved(field, place, target))
        self.spoken.emit(f"{provider} moved to {target + 1} of {len(field.sources)}")

    def toggle(self, provider: str) -> None:
        """Switch a source on or off."""
        field, enabled = self.field, not self._is_enabled(provider)
        if field is not None:
            word = "on" if enabled else "off"
            changed = edits.with_step(field, provider, enabled=enabled)
            self._push(f"switch {provider} {word} in {field.field}", changed)
            self.spoken.emit(f"{provider} is {word}")

    def set_threshold(self, provider: str, value: float) -> None:
        """Give a source another least confidence; a row of such changes is undone at once."""
        field = self.field
        if field is None:
            return
        rounded = round(min(1.0, max(0.0, value)), 2)
        changed = edits.with_step(field, provider, min_confidence=rounded)
        key = f"threshold {field.field} {provider}"
        self._push(f"threshold of {provider} in {field.field}", changed, key)

    def set_reliability(self, provider: str, value: float) -> None:
        """Give a source another reliability, from 0 to 1: what its confidence in a match is multiplied by."""
        field = self.field
        if field is None:
            return
        rounded = round(min(1.0, max(0.0, value)), 2)
        changed = edits.with_step(field, provider, reliability=rounded)
        key = f"reliability {field.field} {provider}"
        self._push(f"reliability of {provider} in {field.field}", changed, key)

    def add(self, provider: str) -> None:
        """Add a source as the last one."""
        draft = self.draft
        changed = edits.with_source(draft, self.selection, provider) if draft is not None else None
        if changed is not None:
            self._push(f"add {provider} to {changed.field}", changed)
            self.spoken.emit(f"{provider} added as {len(changed.sources)} of {len(changed.sources)}")

    def remove(self, provider: str) -> None:
        """Take a source out of the field."""
        field = self.field
        if field is not None:
            self._push(f"remove {provider} from {field.field}", edits.without_source(field, provider))
            self.spoken.emit(f"{provider} removed")

    def set_policies(
        self,
        when_unavailable: WhenUnavailable,
        on_disagreement: OnDisagreement,
        keep_days: int | None,
        *,
        required: bool,
    ) -> None:
        """Give the field other policies."""
        field = self.field
        if field is not None:
            changed = edits.with_policy(
                field,
                when_unavailable=when_unavailable,
                on_disagreement=on_disagreement,
                keep_days=keep_days,
                required_for_gold=required,
            )
            self._push(f"policies of {field.field}", changed, f"policies {field.field}")

    def copy_order(self, targets: Sequence[str]) -> None:
        """Put the sources of other fields into the order of this one."""
        if self.draft is not None:
            copied = edits.with_order_of(self.draft, self.selection, targets)
            self.replace(copied, f"copy the order of {self.selection}")

    def replace(self, draft: Draft, label: str) -> None:
        """Have another draft in place of this one, as one step that can be undone."""
        self._do(Revision(label, draft))

    def discard(self) -> None:
        """Go back to the draft's base, as one step that can be undone."""
        if self.draft is not None:
            self.replace(edits.untouched(self.draft.base), "discard draft")

    def undo(self) -> None:
        """Take back what was done last."""
        self._step(self._history.undo() if self._history is not None else None, "Undid")

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._step(self._history.redo() if self._history is not None else None, "Did again")

    def _step(self, revision: Revision | None, verb: str) -> None:
        if revision is None:
            return
        if revision.field:
            self.select(revision.field)
        self._keep_selection()
        self.changed.emit()
        self.spoken.emit(f"{verb}: {revision.label}")

    def _push(self, label: str, changed: WaterfallField, key: str = "") -> None:
        if self.draft is not None:
            self._do(Revision(label, self.draft.with_field(changed), changed.field, key))

    def _do(self, revision: Revision) -> None:
        if self._history is not None and revision.draft != self._history.draft:
            self._history.push(revision)
            self._keep_selection()
            self.changed.emit()

    def _is_enabled(self, provider: str) -> bool:
        steps = self.field.sources if self.field is not None else []
        return any(step.enabled for step in steps if step.provider == provider)

    def _keep_selection(self) -> None:
        """A field is always selected, as long as there is one."""
        if self.draft is not None and self.field is None:
            self.select(self.draft.fields[0].field if self.draft.fields else "")
