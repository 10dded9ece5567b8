"""Fields that differ most between the payloads of a cause and others of the same queue."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QWidget

from backend.contracts.dead_letter_contrast import Contrast, ContrastField
from backend.contracts.dead_letter_views import Cause
from backend.contracts.errors import OperatorError
from controllers.dead_letters_contrast import ContrastReader, contrast_words, field_words
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.bar import Bar
from views.widgets.base import button, column, holder, label, row, scrolling
from views.widgets.elided import ElidedLabel
from views.widgets.overlay import Overlay

_SHARE_WIDTH, _BAR_WIDTH, _LIST_HEIGHT, _LINE_HEIGHT = 46, 150, 300, 30


class ContrastDialog(Overlay):
    """Reads when it opens."""

    def __init__(
        self, theme: Theme, reader: ContrastReader, environment: str, cause: Cause, parent: QWidget
    ) -> None:
        super().__init__(parent, width=720)
        self._theme, self._reader = theme, reader
        self._environment, self._cause = environment, cause
        self.banner = Banner(theme)
        self.words = label("Comparing payloads…", "muted", wrap=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(10)
        self._grid.setContentsMargins(0, 0, 10, 0)
        self._grid.setColumnStretch(0, 1)
        self.lines: list[str] = []
        self.close_button = button("Close", name="contrast-close")
        self._arrange()
        reader.read.connect(self._on_read)
        reader.failed.connect(self._on_failed)
        self.close_button.clicked.connect(self.close_overlay)
        self.closed.connect(reader.cancel)
        self.closed.connect(self.deleteLater)

    def _arrange(self) -> None:
        self._list = scrolling(holder(column(self._grid, None)))
        self._list.hide()
        title = label(f"What sets “{self._cause.title}” apart", "heading", wrap=True)
        for part in (title, self.words, self.banner):
            self.body.addWidget(part)
        self.body.addWidget(self._list, 1)
        self.body.addLayout(row(None, self.close_button))

    def ask(self) -> None:
        """Open it and compare."""
        self.open(self.close_button)
        self._reader.ask(self._environment, self._cause.fingerprint)

    @Slot(object)
    def _on_read(self, contrast: Contrast) -> None:
        if contrast.fingerprint != self._cause.fingerprint:
            return
        self.words.setText(contrast_words(contrast))
        self._list.setMinimumHeight(min(_LIST_HEIGHT, _LINE_HEIGHT * (len(contrast.fields) + 1)))
        self._list.setVisible(bool(contrast.fields))
        for place, name in enumerate(("", "this cause", "others")):
            self._grid.addWidget(label(name, "caption"), 0, place)
        for number, field in enumerate(contrast.fields, start=1):
            self._add(number, field)

    def _add(self, number: int, field: ContrastField) -> None:
        words = field_words(field)
        told = f"{words} in {field.failing:.0%} of the failures, in {field.others:.0%} of the others"
        self.lines.append(told)
        name = ElidedLabel(words, "strong")
        name.setToolTip(told)
        name.setAccessibleName(told)
        self._grid.addWidget(name, number, 0)
        self._grid.addWidget(self._share(field.failing, "bad", "Share of this cause"), number, 1)
        self._grid.addWidget(self._share(field.others, "info", "Share of the others"), number, 2)

    def _share(self, share: float, tone: str, name: str) -> QWidget:
        bar = Bar(self._theme, name)
        bar.setFixedWidth(_BAR_WIDTH)
        bar.show_share(share, tone)
        figure = label(f"{share:.0%}")
        figure.setFixedWidth(_SHARE_WIDTH)
        return holder(row(bar, figure))

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.words.setText("It could not be compared.")
        self.banner.show_error(error)
