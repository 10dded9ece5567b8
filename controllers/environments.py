"""The environment editor: which profile is looked at, its draft, what is wrong with it, and its test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.connection import ConnectionReport
from backend.contracts.environment import TargetKind
from backend.contracts.errors import OperatorError
from backend.contracts.profile_form import read_form
from backend.contracts.profiles import Profile, Removal
from controllers.operations import Operation
from controllers.profiles_port import ProfilesPort
from controllers.streams import Stream, StreamingBackground

NEW = "+"
"""Key of the profile that is being added; no name can be this."""


@dataclass
class Draft:
    """A profile as the form has it."""

    name: str
    values: dict[str, str] = field(default_factory=dict)
    original: Mapping[str, str] = field(default_factory=dict)
    new: bool = False

    @property
    def changed(self) -> bool:
        """Whether there is something to save."""
        return self.new or _said(self.values) != _said(self.original)

    @property
    def kind(self) -> str:
        """`local` or `compose`."""
        return self.values.get("kind") or TargetKind.LOCAL


class EnvironmentsController(QObject):
    """Holds a draft for each profile that was touched; nothing is written until it is saved.

    Signals: `listed` after profiles or drafts changed; `opened` when the form has to show another draft;
    `checked` after the draft or what is wrong with it changed; `reported` with a ConnectionReport or None;
    `removal_known` with a Removal; `written` when a profile was saved or removed; `done` with a sentence;
    `failed` with an OperatorError; `busy_changed`.
    """

    listed = Signal()
    opened = Signal()
    checked = Signal()
    reported = Signal(object)
    removal_known = Signal(object)
    written = Signal()
    done = Signal(str)
    failed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(
        self, port: ProfilesPort, background: StreamingBackground, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._port = port
        self.profiles: tuple[Profile, ...] = ()
        self._drafts: dict[str, Draft] = {}
        self.selection = ""
        self.problems: Mapping[str, str] = {}
        self.report: ConnectionReport | None = None
        self._loading = Operation(background, self)
        self._loading.succeeded.connect(self._on_loaded)
        self._loading.failed.connect(self.failed)
        self._saving = self._acting(background, self._on_saved)
        self._asking = self._acting(background, self.removal_known)
        self._removing = self._acting(background, self._on_removed)
        self._test = Stream(background, ConnectionReport, self)
        self._test.received.connect(self._on_reports)
        self._test.broken.connect(self._on_test_ended)
        self.testing = False

    @property
    def draft(self) -> Draft | None:
        """What the form shows."""
        return self._drafts.get(self.selection)

    @property
    def profile(self) -> Profile | None:
        """The selected profile as its file has it; none for one that is being added."""
        return next((one for one in self.profiles if one.name == self.selection), None)

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._saving.busy or self._removing.busy

    def refresh(self) -> None:
        """Read the profiles again. Drafts with changes stay."""
        self._loading.run(self._port.profiles)

    def drafts(self) -> Sequence[Draft]:
        """Drafts with unsaved changes."""
        return [draft for draft in self._drafts.values() if draft.changed]

    def select(self, key: str) -> None:
        """Look at another profile. Its draft is as it was left."""
        if key == self.selection or key not in self._drafts:
            return
        self.selection = key
        self._forget_test()
        self._check()
        self.opened.emit()

    def add(self) -> None:
        """Begin a new one, or go on with the one begun."""
        self._drafts.setdefault(NEW, Draft("", {"kind": "local", "tier": "dev"}, new=True))
        self.listed.emit()
        self.select(NEW)

    def set_name(self, name: str) -> None:
        """Name the one that is being added."""
        draft = self.draft
        if draft is not None and draft.new:
            draft.name = name.strip()
            self._on_changed()

    def set_value(self, name: str, text: str) -> None:
        """Change a field; an empty text means its default."""
        draft = self.draft
        if draft is not None and draft.values.get(name, "") != text:
            draft.values[name] = text
            self._on_changed()

    def discard(self) -> None:
        """Go back to what the file says; a new one is dropped."""
        draft = self.draft
        if draft is None:
            return
        if draft.new:
            self._drop_new()
        else:
            draft.values = dict(draft.original)
        self._forget_test()
        self._check()
        self.listed.emit()
        self.opened.emit()

    def save(self) -> None:
        """Write the draft, if nothing is wrong with it."""
        draft = self.draft
        if draft is not None and not self.problems and not self.busy:
            call = partial(self._port.save, draft.name, _said(draft.values), new=draft.new)
            self._saving.run(call)
            self.busy_changed.emit(True)

    def test(self) -> None:
        """Test the draft, saved or not."""
        draft = self.draft
        if draft is None or self.problems:
            return
        self._show_report(None)
        self.testing = True
        self.checked.emit()
        self._test.open(partial(self._port.test, draft.name, _said(draft.values)))

    def stop_test(self) -> None:
        """Stop testing; what was found so far stays, and what is open is not known."""
        self._test.close()
        self.testing = False
        self.checked.emit()

    def ask_removal(self) -> None:
        """Find out what removing would mean; `removal_known` tells."""
        if self.profile is not None:
            self._asking.run(partial(self._port.removal, self.selection))

    def remove(self) -> None:
        """Remove the selected profile."""
        if self.profile is not None and not self.busy:
            self._removing.run(partial(self._port.remove, self.selection))
            self.busy_changed.emit(True)

    def stop(self) -> None:
        """Ask nothing more."""
        self._test.close()

    def _acting(self, background: StreamingBackground, succeeded: object) -> Operation:
        operation = Operation(background, self)
        operation.succeeded.connect(succeeded)
        operation.failed.connect(self.failed)
        operation.finished.connect(self._on_idle)
        return operation

    def _on_changed(self) -> None:
        self._forget_test()
        self._check()
        self.listed.emit()

    def _check(self) -> None:
        draft = self.draft
        self.problems = read_form(draft.name, draft.values)[1] if draft is not None else {}
        self.checked.emit()

    def _forget_test(self) -> None:
        """What was found is of another draft."""
        self._test.close()
        self.testing = False
        self._show_report(None)

    def _show_report(self, report: ConnectionReport | None) -> None:
        self.report = report
        self.reported.emit(report)

    def _drop_new(self) -> None:
        self._drafts.pop(NEW, None)
        if self.selection == NEW:
            self.selection = self.profiles[0].name if self.profiles else ""

    @Slot(object)
    def _on_loaded(self, profiles: Sequence[Profile]) -> None:
        self.profiles = tuple(profiles)
        names = {profile.name for profile in profiles} | {NEW}
        self._drafts = {key: draft for key, draft in self._drafts.items() if key in names}
        for profile in profiles:
            kept = self._drafts.get(profile.name)
            if kept is None or not kept.changed:
                values = dict(profile.values)
                self._drafts[profile.name] = Draft(profile.name, values, dict(values))
        if self.draft is None:
            self.selection = self.profiles[0].name if self.profiles else ""
        self._check()
        self.listed.emit()
        self.opened.emit()

    @Slot(object)
    def _on_saved(self, profile: Profile) -> None:
        if self.selection == NEW:
            self._drop_new()
        self._drafts.pop(profile.name, None)
        self.selection = profile.name
        self._after_writing(f"{profile.name} is saved.")

    @Slot(object)
    def _on_removed(self, removal: Removal) -> None:
        self._drafts.pop(removal.name, None)
        self._after_writing(f"{removal.name} is removed. Its data and backups stay.")

    def _after_writing(self, sentence: str) -> None:
        self.done.emit(sentence)
        self.refresh()
        self.written.emit()

    @Slot()
    def _on_idle(self) -> None:
        self.busy_changed.emit(self.busy)

    @Slot(object)
    def _on_reports(self, reports: Sequence[ConnectionReport]) -> None:
        self._show_report(reports[-1])
        if reports[-1].finished:
            self.testing = False
            self.checked.emit()

    @Slot(object)
    def _on_test_ended(self, error: OperatorError | None) -> None:
        self.testing = False
        self.checked.emit()
        if error is not None:
            self.failed.emit(error)


def _said(values: Mapping[str, str]) -> dict[str, str]:
    """Without the fields that say nothing."""
    return {name: text for name, text in values.items() if text.strip()}
