"""What a preview says, a line a fact: causes, age, what is left out, calls, time."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from backend.contracts.dead_letter_operations import OperationPreview, Share
from controllers.wording import count, plural, rough
from views.widgets.base import label

_PARTS = 5


class PreviewFacts(QWidget):
    """Two columns: what it is, and how much of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        self._lines: dict[str, tuple[QLabel, QLabel]] = {}
        self.setLayout(self._grid)
        self.say("Counting…")

    def text(self) -> str:
        """Everything that is shown, a line a fact."""
        shown = (pair for pair in self._lines.values() if not pair[1].isHidden())
        return "\n".join(f"{name.text()}: {value.text()}" for name, value in shown)

    def say(self, text: str) -> None:
        """Words in place of the facts."""
        self._show({"": text})

    def show_preview(self, preview: OperationPreview) -> None:
        """Show what there is to say."""
        self._show(preview_facts(preview))

    def _show(self, facts: dict[str, str]) -> None:
        for name, text in facts.items():
            if name not in self._lines:
                self._add(name)
            self._lines[name][1].setText(text)
        for name, pair in self._lines.items():
            for part in pair:
                part.setVisible(bool(facts.get(name)))

    def _add(self, name: str) -> None:
        pair = (label(name, "muted"), label("", wrap=True))
        place = self._grid.rowCount()
        self._grid.addWidget(pair[0], place, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(pair[1], place, 1)
        self._lines[name] = pair


def preview_facts(preview: OperationPreview) -> dict[str, str]:
    """Each fact by its name; empty where there is nothing to say."""
    budget = preview.budget_share
    return {
        "Causes": _shares(preview.by_cause),
        "Age": _shares(preview.by_age),
        "Left out": _shares(preview.skipped),
        "Superseded": _superseded(preview),
        "Provider calls": _shares(preview.calls),
        "Takes": "" if preview.seconds is None else f"about {rough(preview.seconds)} at this pace",
        "Limits": "" if budget is None else f"{budget:.0%} of the slowest provider's hourly limit",
    }


def _superseded(preview: OperationPreview) -> str:
    if not preview.superseded:
        return ""
    of = preview.superseded_of
    among = "" if of >= preview.acting else f" of the newest {count(of)}"
    return f"{plural(preview.superseded, 'letter')}{among}: the track was enriched since, they are skipped"


def _shares(shares: list[Share]) -> str:
    told = [f"{share.name} ({count(share.count)})" for share in shares[:_PARTS]]
    more = len(shares) - _PARTS
    return f"{', '.join(told)}{f' and {more} more' if more > 0 else ''}" if told else ""
