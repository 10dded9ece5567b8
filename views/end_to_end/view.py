"""The end-to-end test: the request, the answer, the rows it left in the three layers."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLineEdit, QVBoxLayout, QWidget

from backend.contracts.enrichment import EndToEndResult, EnrichRequest
from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from controllers.end_to_end import DEFAULT_REQUEST, EndToEndController, curl_command, pretty
from views.end_to_end.layer_card import LayerCard
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, GAP_S, button, column, label, row, scrolling
from views.widgets.card import Card
from views.widgets.code_block import CodeBlock
from views.widgets.page import PageHead
from views.widgets.pill import Pill

_WIDE = 1080


class EndToEndView(QWidget):
    """One track through Bronze, Silver and Gold."""

    def __init__(self, theme: Theme, controller: EndToEndController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.head = PageHead("End-to-end test", "One track through the stack, read back from the database")
        self.banner = Banner(theme)
        self.track_id = _field(DEFAULT_REQUEST.track_id, "e2e-track-id")
        self.artist = _field(DEFAULT_REQUEST.artist_name, "e2e-artist")
        self.title = _field(DEFAULT_REQUEST.track_title, "e2e-title")
        self.run_button = button("Run the test", "primary", name="e2e-run")
        self.curl = CodeBlock("the same call as a curl command", most_lines=3)
        self.status = Pill()
        self._hint = label("The service's answer appears here.", "muted")
        self.response = CodeBlock("the response", most_lines=26)
        self.layers = (
            LayerCard("Bronze", "bronze", "raw_track_enrichment_requests"),
            LayerCard("Silver", "silver", "enrichment_requests"),
            LayerCard("Gold", "gold", "enriched_tracks"),
        )
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        request = Card("Request")
        fields = row(
            _labelled("Track id", self.track_id),
            _labelled("Artist", self.artist),
            _labelled("Title", self.title),
            column(None, self.run_button),
            gap=GAP_L,
        )
        request.body.addLayout(fields)
        request.body.addWidget(label("The same call from a terminal", "faint"))
        request.body.addWidget(self.curl)
        response = Card("Response", self.status)
        response.body.addWidget(self._hint)
        response.body.addWidget(self.response)
        self.response.hide()
        response.body.addStretch(1)
        self._answer = row(response, column(*self.layers, None, gap=GAP_L), gap=GAP_L)
        self._answer.setStretch(0, 42)
        self._answer.setStretch(1, 58)
        content = QWidget()
        content.setLayout(column(request, self._answer, None, gap=GAP_L))
        layout = column(self.head, self.banner, scrolling(content), gap=GAP_L)
        layout.setStretch(2, 1)
        self.setLayout(layout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Answer and layers side by side where there is room, below one another elsewhere."""
        wide = event.size().width() >= _WIDE
        direction = QBoxLayout.Direction
        self._answer.setDirection(direction.LeftToRight if wide else direction.TopToBottom)
        super().resizeEvent(event)

    def _wire(self) -> None:
        for field in self._fields():
            field.textChanged.connect(self._on_edited)
            field.returnPressed.connect(self._on_run)
        self.run_button.clicked.connect(self._on_run)
        self._controller.started.connect(self._on_started)
        self._controller.ended.connect(self._on_ended)
        self._controller.finished.connect(self.show_result)
        self._controller.failed.connect(self._on_failed)

    def _fields(self) -> tuple[QLineEdit, QLineEdit, QLineEdit]:
        return self.track_id, self.artist, self.title

    def show_environment(self, _environment: Environment) -> None:
        """Turn to another environment: its address, and nothing of the one before."""
        self.banner.hide()
        self.response.hide()
        self._hint.show()
        self.status.show_state("", "muted")
        for card in self.layers:
            card.show_waiting()
        self._on_edited()

    @Slot(object)
    def show_result(self, result: EndToEndResult) -> None:
        """Show the answer and the rows."""
        good = 200 <= result.http_status < 300
        self.status.show_state(
            f"HTTP {result.http_status} · {result.milliseconds:.0f} ms", "ok" if good else "bad"
        )
        self._hint.hide()
        self.response.show_text(pretty(result.response))
        self.response.show()
        rows = (result.rows.bronze, result.rows.silver, result.rows.gold)
        for card, found in zip(self.layers, rows, strict=True):
            card.show_rows(found)

    def _request(self) -> EnrichRequest | None:
        track_id, artist, title = (field.text().strip() for field in self._fields())
        if not (track_id and artist and title):
            return None
        return EnrichRequest(track_id=track_id, artist_name=artist, track_title=title)

    @Slot()
    def _on_edited(self) -> None:
        request, environment = self._request(), self._controller.environment
        self.run_button.setEnabled(request is not None)
        self.run_button.setToolTip("" if request is not None else "Fill in all three fields first.")
        if request is not None and environment is not None:
            self.curl.show_text(curl_command(environment, request))

    @Slot()
    def _on_run(self) -> None:
        request = self._request()
        if request is not None and self.run_button.isEnabled():
            self.banner.hide()
            self._controller.run(request)

    @Slot()
    def _on_started(self) -> None:
        self.run_button.setEnabled(False)
        self.run_button.setText("Running…")

    @Slot()
    def _on_ended(self) -> None:
        self.run_button.setText("Run the test")
        self._on_edited()

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        environment = self._controller.environment
        self.banner.show_error(error, environment.name if environment is not None else "")


def _field(text: str, name: str) -> QLineEdit:
    result = QLineEdit(text)
    result.setObjectName(name)
    result.setMaxLength(200)
    return result


def _labelled(name: str, field: QLineEdit) -> QVBoxLayout:
    title = label(name, "muted")
    title.setBuddy(field)
    field.setAccessibleName(name)
    return column(title, field, gap=GAP_S)
