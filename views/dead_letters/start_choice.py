"""When an operation starts: now, at a set time, or when a provider has been well for a while."""

from collections.abc import Sequence
from datetime import UTC, datetime

from PySide6.QtCore import QDateTime, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDateTimeEdit, QSpinBox, QWidget

from backend.contracts.dead_letter_operations import RetryCondition
from views.widgets.base import GAP_M, column, holder, label, row
from views.widgets.number_box import set_up_number

NOW, AT = "now", "at"
_CLOSED_MINUTES, _LEFT_PERCENT = 10, 30
_AHEAD_SECONDS = 3600


class StartChoice(QWidget):
    """Signals: `changed`."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = QComboBox()
        self.at = QDateTimeEdit()
        self.minutes, self.left = QSpinBox(), QSpinBox()
        self._set_up()
        conditions = row(label("closed for"), self.minutes, 8, label("and limit left"), self.left, None)
        self._when = holder(conditions)
        self._time = holder(row(label("Not before"), self.at, None))
        self.setLayout(column(row(label("Start"), self.choice, None), self._time, self._when, gap=GAP_M))
        self.choice.currentIndexChanged.connect(self._on_choice)
        self.at.dateTimeChanged.connect(self.changed)
        for box in (self.minutes, self.left):
            box.valueChanged.connect(self.changed)
        self._on_choice()

    def _set_up(self) -> None:
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.choice.addItem("now", NOW)
        self.choice.addItem("at a set time", AT)
        self.choice.setAccessibleName("When it starts")
        self.at.setDisplayFormat("yyyy-MM-dd HH:mm")
        set_up_number(self.at, "Not before, in your time zone", 180)
        self.at.setDateTime(QDateTime.currentDateTime().addSecs(_AHEAD_SECONDS))
        _set_up(self.minutes, 1440, _CLOSED_MINUTES, " min", "Minutes that the breaker has been closed")
        _set_up(self.left, 100, _LEFT_PERCENT, " %", "Share of the provider's limit that is left")

    def offer(self, providers: Sequence[str]) -> None:
        """Waiting for a provider that the letters need."""
        for provider in providers:
            if self.choice.findData(provider) < 0:
                self.choice.addItem(f"when {provider} is well again", provider)

    def not_before(self) -> datetime | None:
        """The set time; none for any other start."""
        if self.choice.currentData() != AT:
            return None
        return datetime.fromtimestamp(self.at.dateTime().toSecsSinceEpoch(), UTC)

    def condition(self) -> RetryCondition | None:
        """What has to hold before it starts; none for any other start."""
        provider = self.choice.currentData()
        if provider in {NOW, AT}:
            return None
        return RetryCondition(
            provider=provider, closed_minutes=self.minutes.value(), budget_share=self.left.value() / 100
        )

    @Slot()
    def _on_choice(self) -> None:
        chosen = self.choice.currentData()
        self._time.setVisible(chosen == AT)
        self._when.setVisible(chosen not in {NOW, AT})
        self.changed.emit()


def _set_up(box: QSpinBox, most: int, value: int, unit: str, name: str) -> None:
    box.setRange(0, most)
    box.setValue(value)
    box.setSuffix(unit)
    set_up_number(box, name, 96)
