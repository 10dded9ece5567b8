"""The history of the waterfall: its versions, and what differs between any two of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.waterfall import VersionSummary, WaterfallConfiguration
from backend.contracts.waterfall_diff import FieldDiff, diff
from controllers.operations import Background, Operation
from controllers.ports import WaterfallPort

PAGE = 50


@dataclass(frozen=True)
class VersionPair:
    """Two versions and what differs, from the older to the newer or as they were asked for."""

    old: WaterfallConfiguration
    new: WaterfallConfiguration
    changes: tuple[FieldDiff, ...]


class WaterfallVersions(QObject):
    """Signals: `listed` when `summaries` changed; `compared` with a VersionPair; `failed` with the error."""

    listed = Signal()
    compared = Signal(object)
    failed = Signal(object)

    def __init__(
        self, waterfall: WaterfallPort, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._waterfall = waterfall
        self._environment = ""
        self.summaries: tuple[VersionSummary, ...] = ()
        """Newest first, as far back as they were asked for."""
        self.complete = False
        """Whether there are no older ones."""
        self._listing = Operation(background, self)
        self._listing.succeeded.connect(self._on_listed)
        self._comparing = Operation(background, self)
        self._comparing.succeeded.connect(self.compared)
        for operation in (self._listing, self._comparing):
            operation.failed.connect(self.failed)

    def set_environment(self, environment: str) -> None:
        """Turn to another environment."""
        self._environment = environment
        self._listing.cancel()
        self._comparing.cancel()
        self.summaries, self.complete = (), False

    def refresh(self) -> None:
        """List the newest versions anew."""
        self.summaries, self.complete = (), False
        self._list()

    def more(self) -> None:
        """List older versions too."""
        if not self.complete and not self._listing.busy:
            self._list()

    def compare(self, old: int, new: int) -> None:
        """Read two versions and tell what differs."""
        self._comparing.run(partial(_compare, self._waterfall, self._environment, old, new))

    def _list(self) -> None:
        before = self.summaries[-1].version if self.summaries else None
        self._listing.run(partial(self._waterfall.versions, self._environment, before, PAGE))

    @Slot(object)
    def _on_listed(self, page: Sequence[VersionSummary]) -> None:
        self.summaries = (*self.summaries, *page)
        self.complete = len(page) < PAGE
        self.listed.emit()


def _compare(waterfall: WaterfallPort, environment: str, old: int, new: int) -> VersionPair:
    first, second = waterfall.version(environment, old), waterfall.version(environment, new)
    return VersionPair(first, second, tuple(diff(first.fields, second.fields)))
