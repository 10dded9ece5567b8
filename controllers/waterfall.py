"""The waterfall editor's controller: the draft, what it would change, and the version it stands on."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.environment import Environment
from backend.contracts.providers import Capability
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallDraft, WaterfallField
from backend.contracts.waterfall_rules import PROVIDERS
from controllers.breakers import BreakersController
from controllers.clock import Clock
from controllers.operations import Background
from controllers.ports import WaterfallPort
from controllers.rows import RowsModel
from controllers.waterfall_apply import WaterfallApply
from controllers.waterfall_check import Check, check
from controllers.waterfall_editor import WaterfallEditor
from controllers.waterfall_edits import Draft, moved, untouched
from controllers.waterfall_feed import Reading, Surroundings, WaterfallFeed
from controllers.waterfall_keeper import DraftKeeper
from controllers.waterfall_outcome import advice_of, of_field
from controllers.waterfall_preview import WaterfallPreview
from controllers.waterfall_rebase import Choice, Rebase
from controllers.waterfall_rows import Liveness, field_row, liveness, step_rows, wins_of
from controllers.waterfall_steps import StepsModel
from controllers.waterfall_versions import WaterfallVersions


class WaterfallController(QObject):
    """Signals: `changed` after draft, conflict or state changed; `told` with a sentence."""

    changed = Signal()
    told = Signal(str)

    def __init__(
        self,
        waterfall: WaterfallPort,
        breakers: BreakersController,
        background: Background,
        clock: Clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._breakers, self._clock = breakers, clock
        self.environment: Environment | None = None
        self.newest: WaterfallConfiguration | None = None
        """The version in force, as it was read last."""
        self.surroundings = Surroundings()
        self._shown = False
        self.steps = StepsModel(self)
        self.fields = RowsModel(self)
        self.editor = WaterfallEditor(self)
        self.feed = WaterfallFeed(waterfall, background, self)
        self.keeper = DraftKeeper(waterfall, background, self)
        self.preview = WaterfallPreview(waterfall, background, self)
        self.applying = WaterfallApply(waterfall, background, self)
        self.versions = WaterfallVersions(waterfall, background, self)
        self._wire()

    def _wire(self) -> None:
        self.editor.changed.connect(self._on_edited)
        self.editor.selected.connect(self._on_selected)
        self.feed.read.connect(self._on_read)
        self.feed.in_force.connect(self._on_in_force)
        self.feed.surrounded.connect(self._on_surroundings)
        self.feed.failed.connect(self.changed)
        self.feed.answered.connect(self.changed)
        self.preview.changed.connect(self._show_rows)
        self.applying.applied.connect(self._on_applied)
        self.applying.conflict.connect(self._on_in_force)
        self.steps.moved.connect(self.editor.move)
        self._breakers.changed.connect(self._on_breakers)

    @property
    def conflict(self) -> Rebase | None:
        """Somebody else's version that the draft does not stand on; none when there is no such version."""
        draft, newest = self.editor.draft, self.newest
        if draft is None or newest is None or newest.version == draft.base.version or not draft.changed:
            return None
        return Rebase(draft, newest)

    @property
    def capabilities(self) -> Mapping[tuple[str, str], Capability]:
        """What providers give, by provider and field; empty while the gateway does not say."""
        return self.surroundings.capabilities

    def live(self) -> dict[str, Liveness]:
        """Breaker, gate and budget of every provider, as the screen of circuit breakers knows them."""
        now = self._breakers.feed.snapshot.now
        return {name: liveness(self._breakers.status(name), now) for name in PROVIDERS}

    def check(self) -> Check:
        """What stands against applying the draft."""
        draft = self.editor.draft
        return check(draft, self.live(), self.capabilities) if draft is not None else Check()

    def set_environment(self, environment: Environment) -> None:
        """Turn to another environment; its draft is read when the screen is shown."""
        self.keeper.flush()
        self.keeper.begin(None)
        self.environment, self.newest, self.surroundings = environment, None, Surroundings()
        self.editor.forget()
        for part in (self.preview, self.applying, self.versions):
            part.set_environment(environment.name)
        self.feed.watch(environment.name)

    def set_shown(self, shown: bool) -> None:
        """Ask only while the screen can be seen."""
        self._shown = shown
        self.preview.set_shown(shown)
        self.feed.set_shown(shown)
        self._show_rows()

    def stop(self) -> None:
        """Ask nothing more; a draft that waits to be kept is kept."""
        self.set_shown(False)
        self.keeper.flush()

    def refresh(self) -> None:
        """Read anew what is in force and how the fields stand."""
        self.feed.look_again()
        self.feed.look_around()

    def hover(self, place: int, target: int) -> None:
        """Show what the draft would change if the source at `place` were dropped at `target`."""
        draft, field = self.editor.draft, self.editor.field
        if draft is not None and field is not None and place != target:
            self.preview.want(draft.with_field(moved(field, place, target)), field.field)

    def end_hover(self) -> None:
        """Show again what the draft itself would change."""
        if self.editor.draft is not None:
            self.preview.want(self.editor.draft, self.editor.selection)

    def take_theirs(self) -> None:
        """Give up the changes for the version that came first. Undo brings them back."""
        if self.newest is not None:
            self.editor.replace(untouched(self.newest), f"take version {self.newest.version}")

    def keep_mine(self, choices: Mapping[str, Choice]) -> None:
        """Lay the changes over the version that came first; fields that both changed as chosen."""
        conflict = self.conflict
        if conflict is not None and conflict.decided(choices):
            label = f"put changes on version {conflict.theirs.version}"
            self.editor.replace(conflict.on_top(choices), label)

    def revert_to(self, version: WaterfallConfiguration) -> None:
        """Make the draft what an earlier version was. Undo brings the draft back; nothing is applied yet."""
        if self.newest is not None:
            draft = Draft(self.newest, tuple(version.fields))
            self.editor.replace(draft, f"revert to version {version.version}")

    @Slot(object)
    def _on_read(self, reading: Reading) -> None:
        self.newest, self.surroundings = reading.configuration, reading.surroundings
        self.applying.operator = reading.operator
        kept = reading.draft
        self.keeper.begin(kept)
        draft = Draft(kept.base, tuple(kept.fields)) if kept is not None else None
        if draft is not None and draft.changed:
            self.editor.begin(draft)
            self.told.emit(f"Your draft on version {draft.base.version} is here again.")
        else:
            self.editor.begin(untouched(reading.configuration))

    @Slot(object)
    def _on_in_force(self, configuration: WaterfallConfiguration) -> None:
        draft = self.editor.draft
        if draft is None or configuration == self.newest:
            return
        self.newest = configuration
        if draft.changed:
            self.changed.emit()
        elif configuration.version != draft.base.version:
            self.editor.begin(untouched(configuration))
            self.told.emit(f"Version {configuration.version} by {configuration.author} is in force now.")

    @Slot(object)
    def _on_applied(self, configuration: WaterfallConfiguration) -> None:
        self.newest = configuration
        self.editor.begin(untouched(configuration))
        self.refresh()
        self.told.emit(f"Version {configuration.version} is in force.")

    @Slot(object)
    def _on_surroundings(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self._show_rows()
        self.changed.emit()

    @Slot()
    def _on_edited(self) -> None:
        draft = self.editor.draft
        if draft is not None and self.environment is not None:
            self.keeper.keep(self.environment.name, self._kept(draft))
            self.preview.want(draft, self.editor.selection)
        self._show_rows()
        self.changed.emit()

    def _kept(self, draft: Draft) -> WaterfallDraft | None:
        if not draft.changed:
            return None
        return WaterfallDraft(base=draft.base, fields=list(draft.fields), changed_at=self._clock())

    @Slot(str)
    def _on_selected(self, _field: str) -> None:
        self.end_hover()
        self._show_rows()

    @Slot(object)
    def _on_breakers(self, _snapshot: object) -> None:
        self._show_rows()

    @Slot()
    def _show_rows(self) -> None:
        """Nothing is drawn that nobody sees: the breakers tell of themselves every second."""
        draft, field = self.editor.draft, self.editor.field
        if not self._shown:
            return
        if draft is None or field is None:
            self.steps.replace([])
            self.fields.replace([])
            return
        coverage, changed, wrong = self.surroundings.coverage, draft.changed, self.check().wrong_fields
        self.fields.replace(
            [field_row(each.field, coverage.get(each.field), changed, wrong) for each in draft.fields]
        )
        comparison = self.preview.replay.comparison
        advice = advice_of(comparison, field.field) if comparison is not None else {}
        self.steps.replace(step_rows(field, self.live(), self.capabilities, self._wins(field), advice))

    def _wins(self, field: WaterfallField) -> dict[str, str]:
        """By the replay, and before there is one by what stands in Gold."""
        names = [step.provider for step in field.sources]
        comparison = self.preview.replay.comparison
        found = of_field(comparison, field.field) if comparison is not None else None
        if found is not None and found.after.winners:
            return wins_of(found.after.winners, names)
        coverage = self.surroundings.coverage.get(field.field)
        return wins_of(coverage.by_provider, names) if coverage is not None else {}
