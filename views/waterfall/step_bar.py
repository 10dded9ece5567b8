"""The controls of the source in focus: everything that dragging and keys do, as buttons with names."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QFrame, QPushButton, QWidget

from controllers.waterfall_rows import StepRow
from views.theme.icons import icon
from views.theme.theme import Theme
from views.widgets.base import GAP_M, button, column, row
from views.widgets.elided import ElidedLabel


class StepBar(QFrame):
    """Signals: `toggled`; `threshold_set` and `reliability_set` with a value; `up_asked`, `down_asked`,
    `place_asked`, `removal_asked`.
    """

    toggled = Signal()
    threshold_set = Signal(float)
    reliability_set = Signal(float)
    up_asked = Signal()
    down_asked = Signal()
    place_asked = Signal()
    removal_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("kind", "inset")
        self.title = ElidedLabel("", "strong")
        self.note = ElidedLabel("", "faint")
        self.switch = QCheckBox("On")
        self.threshold = _number("≥ ")
        self.reliability = _number("× ")
        self.up_button = button("", name="step-up")
        self.down_button = button("", name="step-down")
        self.place_button = button("Move to…", "link", name="step-place")
        self.remove_button = button("Remove", "link", name="step-remove")
        self._arrange()
        self._wire()
        self._draw_icons()

    def _arrange(self) -> None:
        self.threshold.setToolTip("Threshold: the least confidence at which a value is taken")
        self.reliability.setToolTip(
            "Reliability: how far this source is believed. The certainty of a match is multiplied by it, "
            "and a value is never surer than it."
        )
        for each in (self.up_button, self.down_button):
            each.setFixedSize(28, 28)
            each.setIconSize(QSize(14, 14))
        head = row(self.title, self.note, self.place_button, self.remove_button, gap=10)
        head.setStretch(1, 1)
        controls = row(
            self.switch, self.reliability, self.threshold, None, self.up_button, self.down_button, gap=GAP_M
        )  # fmt: skip
        self.setLayout(column(head, controls, gap=6, margin=(11, 8, 11, 8)))

    def _wire(self) -> None:
        self.switch.clicked.connect(self.toggled)
        self.threshold.valueChanged.connect(self.threshold_set)
        self.reliability.valueChanged.connect(self.reliability_set)
        self.up_button.clicked.connect(self.up_asked)
        self.down_button.clicked.connect(self.down_asked)
        self.place_button.clicked.connect(self.place_asked)
        self.remove_button.clicked.connect(self.removal_asked)
        self._theme.changed.connect(self._draw_icons)

    def show_step(self, step: StepRow | None, note: str = "") -> None:
        """Show a source; without one everything is disabled."""
        for each in (
            self.switch, self.reliability, self.threshold, self.place_button, self.remove_button,
        ):  # fmt: skip
            each.setEnabled(step is not None)
        self.up_button.setEnabled(step is not None and step.place > 1)
        self.down_button.setEnabled(step is not None and step.place < step.of)
        if step is None:
            self.title.setText("No source")
            self.note.setText("Add one to fill this field.")
            self._name("source")
            return
        self.title.setText(step.provider)
        self.note.setText(" · ".join(part for part in (f"place {step.place} of {step.of}", note) if part))
        self._fill(step)
        self._name(step.provider)

    def focus_number(self) -> None:
        """Put the keyboard into the threshold."""
        self.threshold.setFocus(Qt.FocusReason.OtherFocusReason)
        self.threshold.selectAll()

    def _fill(self, step: StepRow) -> None:
        """Shown, not set: nobody has done anything."""
        with QSignalBlocker(self.switch):
            self.switch.setChecked(step.enabled)
        for box, value in ((self.threshold, step.min_confidence), (self.reliability, step.reliability)):
            with QSignalBlocker(box):
                if round(box.value(), 2) != value:
                    box.setValue(value)

    def _name(self, provider: str) -> None:
        names: tuple[tuple[QPushButton | QCheckBox, str], ...] = (
            (self.switch, f"{provider} is on"),
            (self.up_button, f"Move {provider} up"),
            (self.down_button, f"Move {provider} down"),
            (self.place_button, f"Move {provider} to a position"),
            (self.remove_button, f"Remove {provider}"),
        )
        for widget, name in names:
            widget.setAccessibleName(name)
        self.up_button.setToolTip(f"Move {provider} up (Alt+↑)")
        self.down_button.setToolTip(f"Move {provider} down (Alt+↓)")
        self.threshold.setAccessibleName(f"Threshold of {provider}")
        self.reliability.setAccessibleName(f"Reliability of {provider}")
        for box in (self.threshold, self.reliability):
            box.lineEdit().setAccessibleName(box.accessibleName())

    @Slot()
    def _draw_icons(self) -> None:
        colour = self._theme.tokens.text
        self.up_button.setIcon(icon("chevron-up", colour, 14))
        self.down_button.setIcon(icon("chevron-down", colour, 14))


def _number(prefix: str) -> QDoubleSpinBox:
    """A share from 0 to 1 in steps of a hundredth."""
    box = QDoubleSpinBox()
    box.setRange(0, 1)
    box.setDecimals(2)
    # A number counts when it has been typed, not while.
    box.setKeyboardTracking(False)
    box.setSingleStep(0.01)
    box.setPrefix(prefix)
    box.setFixedWidth(74)
    box.lineEdit().setTextMargins(4, 0, 0, 0)
    return box
