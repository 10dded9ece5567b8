"""What the meter wants somebody to act on. It cannot be dismissed: it goes when it is over."""

from PySide6.QtWidgets import QFrame, QWidget

from controllers.dead_letters_meter import MeterNotice
from controllers.marks import Mark, Shape
from views.theme.theme import Theme
from views.widgets.announce import announce
from views.widgets.base import column, label, restyle, row
from views.widgets.state_icon import StateIcon


class MeterNoticeBar(QFrame):
    """Hidden while there is nothing to say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "banner")
        self._shown: MeterNotice | None = None
        self._icon = StateIcon(theme, "triangle-alert", "bad")
        self.title = label("", "strong", wrap=True)
        self.lines = label("", wrap=True)
        layout = row(self._icon, column(self.title, self.lines, gap=3), margin=(12, 9, 12, 9))
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.hide()

    def show_notice(self, notice: MeterNotice | None) -> None:
        """Say it, or go away."""
        if notice == self._shown:
            return
        self._shown = notice
        self.setVisible(notice is not None)
        if notice is None:
            return
        self._icon.show_mark(Mark(Shape.WARNING, notice.tone, notice.title))
        restyle(self, tone=notice.tone)
        self.title.setText(notice.title)
        self.lines.setText("\n".join(notice.lines))
        announce(self, notice.title)
