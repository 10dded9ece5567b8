"""The waterfall editor's controller: the draft, what it would change, and the version it stands on."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.environment import Environment
from backend.contracts.providers import Capability
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallDraft
from backend.contracts.waterfall_rules import PROVIDERS
from controllers.breakers import BreakersController
from controllers.clock import Clock
from controllers.operations import Background
from controllers.ports import WaterfallPort
from controllers.waterfall_apply import WaterfallApply
from controllers.waterfall_check import Check, check
from controllers.waterfall_editor import WaterfallEditor
from controllers.waterfall_edits import Draft, moved
from controllers.waterfall_feed import Reading, Surroundings, WaterfallFeed
from controllers.waterfall_keeper import DraftKeeper
from controllers.waterfall_preview import WaterfallPreview
from controllers.waterfall_rows import Liveness, liveness
from controllers.waterfall_standing import WaterfallStanding
from controllers.waterfall_tables import WaterfallTables
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
        self.surroundings = Surroundings()
        self._shown = False
        self.tables = WaterfallTables(self)
        self.steps, self.fields = self.tables.steps, self.tables.fields
        self.editor = WaterfallEditor(self)
        self.standing = WaterfallStanding(self.editor, self)
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
        self.applying.conflict.connect(self.standing.see)
        self.standing.overtaken.connect(self.changed)
        self.standing.told.connect(self.told)
        self.steps.moved.connect(self.editor.move)
        self._breakers.changed.connect(self._on_breakers)

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
        self.environment, self.surroundings = environment, Surroundings()
        self.standing.forget()
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
        """Read anew what is in force and how the fields stand, and replay over what has been stored since."""
        self.feed.look_again()
        self.feed.look_around()
        self.preview.ask_now()

    def hover(self, place: int, target: int) -> None:
        """Show what the draft would change if the source at `place` were dropped at `target`."""
        draft, field = self.editor.draft, self.editor.field
        if draft is not None and field is not None and place != target:
            self.preview.want(draft.with_field(moved(field, place, target)), field.field)

    def end_hover(self) -> None:
        """Show again what the draft itself would change."""
        if self.editor.draft is not None:
            self.preview.want(self.editor.draft, self.editor.selection)

    @Slot(object)
    def _on_read(self, reading: Reading) -> None:
        self.surroundings, self.applying.operator = reading.surroundings, reading.operator
        self.keeper.begin(reading.draft)
        self.standing.begin(reading.configuration, reading.draft)

    @Slot(object)
    def _on_in_force(self, configuration: WaterfallConfiguration) -> None:
        """While a version of our own is on its way it must not be taken for somebody else's."""
        if not self.applying.busy:
            self.standing.see(configuration)

    @Slot(object)
    def _on_applied(self, configuration: WaterfallConfiguration) -> None:
        self.standing.begin(configuration, None)
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
            self.tables.clear()
            return
        self.tables.show(draft, field, self.surroundings, self.live(), self.preview.replay.comparison)
