"""One inspected track: values, walk and lineage of a field, sources, candidates, evidence."""

from datetime import datetime

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from backend.contracts.inspection import CandidateInspection, SourceInspection, TrackInspection
from controllers.clock import Clock
from controllers.inspection_rows import (
    candidate_rows,
    evidence_rows,
    field_rows,
    lineage_rows,
    source_rows,
    walk_rows,
)
from views.theme.theme import Theme
from views.widgets.base import GAP_L, column, scrolling
from views.widgets.list_card import ListCard

_WIDE, _WIDE_COLUMNS = 780, 3
_LEAST_HEIGHT = 236
_NOT_STORED = "Asked for just now: nothing of it is in Gold, so there is no lineage."


class InspectionPanel(QWidget):
    """Six lists; choosing a field or a candidate fills the ones beside it."""

    def __init__(self, theme: Theme, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._inspection: TrackInspection | None = None
        self.fields = ListCard(theme, "Values")
        self.walk = ListCard(theme, "The waterfall's walk", picks=False)
        self.lineage = ListCard(theme, "Lineage", picks=False)
        self.sources = ListCard(theme, "Sources")
        self.candidates = ListCard(theme, "Candidates")
        self.evidence = ListCard(theme, "Evidence, in log-odds", picks=False)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP_L)
        self._columns = 0
        content = QWidget()
        content.setLayout(self._grid)
        self.setLayout(column(scrolling(content), gap=0))
        self._place(_WIDE_COLUMNS)
        self.fields.chosen.connect(self._on_field)
        self.sources.chosen.connect(self._on_source)
        self.candidates.chosen.connect(self._on_candidate)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Three lists beside one another where there is room, else two."""
        self._place(_WIDE_COLUMNS if event.size().width() >= _WIDE else 2)
        super().resizeEvent(event)

    def _place(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        upper, lower = (self.fields, self.walk), (self.sources, self.candidates)
        cards = (*upper, self.lineage, *lower, self.evidence)
        if columns < _WIDE_COLUMNS:
            cards = (*upper, *lower, self.lineage, self.evidence)
        for place, card in enumerate(cards):
            card.setMinimumHeight(_LEAST_HEIGHT)
            # Equally wide, whatever is in them.
            card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self._grid.addWidget(card, place // columns, place % columns)
        for place in range(_WIDE_COLUMNS):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)

    def show_inspection(self, inspection: TrackInspection) -> None:
        """Show another track; the field and the source chosen before stay chosen where it has them."""
        self._inspection = inspection
        self.fields.show_rows(field_rows(inspection), "The waterfall has no field.")
        self.sources.show_rows(source_rows(inspection), "No source was asked.")
        self._on_field(self.fields.list.chosen())
        self._on_source(self.sources.list.chosen())

    @property
    def _now(self) -> datetime:
        return self._clock()

    @Slot(str)
    def _on_field(self, field: str) -> None:
        found = self._inspection
        if found is None:
            return
        self.walk.caption.setText(f"The waterfall's walk for {field}" if field else "The waterfall's walk")
        self.walk.show_rows(walk_rows(found, field), "No source was asked for this field.", first=False)
        nothing = _NOT_STORED if found.track_id is None else "Gold has no value for this field."
        self.lineage.caption.setText(f"Why {field} has this value" if field else "Lineage")
        self.lineage.show_rows(lineage_rows(found, field, self._now), nothing, first=False)

    @Slot(str)
    def _on_source(self, provider: str) -> None:
        source = self._source(provider)
        nothing = "It named no track." if source is not None else "Choose a source."
        self.candidates.caption.setText(f"Candidates of {provider}" if provider else "Candidates")
        self.candidates.show_rows(candidate_rows(source), nothing)
        self._on_candidate(self.candidates.list.chosen() if source is not None and source.candidates else "")

    @Slot(str)
    def _on_candidate(self, provider_id: str) -> None:
        candidate = self._candidate(provider_id)
        nothing = "Choose a candidate." if candidate is None else "It was not weighed."
        self.evidence.show_rows(evidence_rows(candidate), nothing, first=False)

    def _source(self, provider: str) -> SourceInspection | None:
        sources = self._inspection.sources if self._inspection is not None else []
        return next((source for source in sources if source.provider == provider), None)

    def _candidate(self, provider_id: str) -> CandidateInspection | None:
        source = self._source(self.sources.list.chosen())
        named = source.candidates if source is not None else []
        return next((candidate for candidate in named if candidate.provider_id == provider_id), None)
