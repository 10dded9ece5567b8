"""Artist and title of a track, to ask the sources for it now."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from backend.contracts.inspection import InspectRequest
from views.widgets.base import GAP_L, GAP_S, button, column, label, row
from views.widgets.card import Card

_LONGEST = 500


class AskingCard(Card):
    """Signals: `asked` with an InspectRequest."""

    asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Ask the sources now", parent=parent)
        self.artist, self.title, self.isrc = QLineEdit(), QLineEdit(), QLineEdit()
        self.ask_button = button("Ask the sources", "primary", name="tracks-ask")
        fields = row(
            _labelled("Artist", self.artist),
            _labelled("Title", self.title),
            _labelled("ISRC (if known)", self.isrc),
            column(None, self.ask_button),
            gap=GAP_L,
        )
        for place, share in enumerate((38, 38, 24)):
            fields.setStretch(place, share)
        self.body.addLayout(fields)
        for field in (self.artist, self.title, self.isrc):
            field.setMaxLength(_LONGEST)
            field.textChanged.connect(self._on_edited)
            field.returnPressed.connect(self._on_ask)
        self.ask_button.clicked.connect(self._on_ask)
        self._busy = False
        self._on_edited()

    def fill(self, artist: str, title: str) -> None:
        """Take over the names of a stored track, so that it can be asked for anew."""
        self.artist.setText(artist)
        self.title.setText(title)
        self.isrc.clear()

    @Slot(bool)
    def show_busy(self, busy: bool) -> None:
        """While an answer is awaited nothing more is asked."""
        self._busy = busy
        self.ask_button.setText("Asking…" if busy else "Ask the sources")
        self._on_edited()

    def _request(self) -> InspectRequest | None:
        artist, title, isrc = (field.text().strip() for field in (self.artist, self.title, self.isrc))
        if not (artist and title):
            return None
        return InspectRequest(artist_name=artist, track_title=title, isrc=isrc or None)

    @Slot()
    def _on_edited(self) -> None:
        complete = self._request() is not None
        self.ask_button.setEnabled(complete and not self._busy)
        self.ask_button.setToolTip(
            "Calls the providers; writes nothing to Gold." if complete else "Fill in artist and title first."
        )

    @Slot()
    def _on_ask(self) -> None:
        request = self._request()
        if request is not None and not self._busy:
            self.asked.emit(request)


def _labelled(name: str, field: QLineEdit) -> QVBoxLayout:
    title = label(name, "muted")
    title.setBuddy(field)
    field.setAccessibleName(name)
    return column(title, field, gap=GAP_S)
