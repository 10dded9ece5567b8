"""First page: the playbook's switches, each with what it costs."""

from PySide6.QtWidgets import QCheckBox, QLineEdit, QSpinBox, QWidget

from backend.contracts.runs import DeployOptions
from views.widgets.base import GAP_L, GAP_S, column, label, row
from views.widgets.card import Card

_INDENT = (26, 0, 0, 0)


class OptionsPage(QWidget):
    """Edits DeployOptions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.skip_tests = _switch("Skip the smoke tests", "skip-tests")
        self.skip_backup = _switch("Skip the database backup", "skip-backup")
        self.no_rollback = _switch("No automatic rollback", "no-rollback")
        self.watch = QSpinBox()
        self.watch.setObjectName("watch-minutes")
        self.watch.setRange(0, 240)
        self.watch.setSuffix(" min")
        self.watch.setAccessibleName("Minutes to watch after the deployment")
        self.watch.lineEdit().setAccessibleName(self.watch.accessibleName())
        # A styled spin box keeps its padding to itself; the text needs its own.
        self.watch.lineEdit().setTextMargins(8, 0, 0, 0)
        self.watch.setFixedWidth(110)
        self.reason = QLineEdit()
        self.reason.setObjectName("reason")
        self.reason.setMaxLength(200)
        self.reason.setPlaceholderText(
            "For the journal and for whoever finds the lock held, such as: enrichment upgrade"
        )
        self.reason.setAccessibleName("Reason for this deployment")
        self.setLayout(column(self._safety(), self._watching(), None, gap=GAP_L))

    def _safety(self) -> Card:
        card = Card("Safety · leave these off unless you know why")
        texts = (
            (
                self.skip_tests,
                "Step 8 is left out. A service that answers but works wrongly would go unnoticed.",
            ),
            (
                self.skip_backup,
                "Step 2 is left out. A failed migration can then only be taken back by its down scripts, and "
                "“to a backup” has no state from before this deployment.",
            ),
            (
                self.no_rollback,
                "After a failure the stack stays as it is. You decide what to do, on the Rollback screen.",
            ),
        )
        for switch, consequence in texts:
            card.body.addLayout(
                column(switch, row(label(consequence, "muted", wrap=True), margin=_INDENT), gap=GAP_S)
            )
        card.body.setSpacing(GAP_L)
        return card

    def _watching(self) -> Card:
        card = Card("After the deployment")
        what = label(
            "Step 10 watches logs, health, layers and breakers for this long and tells you what it saw. It "
            "goes on in the background; the window may be closed. 0 leaves it out.",
            "muted",
            wrap=True,
        )
        watch_title = label("Watch for", "strong")
        reason_title = label("Reason", "strong")
        watch_title.setBuddy(self.watch)
        reason_title.setBuddy(self.reason)
        card.body.addLayout(row(watch_title, self.watch, None))
        card.body.addWidget(what)
        card.body.addSpacing(GAP_S)
        card.body.addWidget(reason_title)
        card.body.addWidget(self.reason)
        return card

    def show_options(self, options: DeployOptions) -> None:
        """Show `options`."""
        self.skip_tests.setChecked(options.skip_tests)
        self.skip_backup.setChecked(options.skip_backup)
        self.no_rollback.setChecked(not options.automatic_rollback)
        self.watch.setValue(options.watch_minutes)
        self.reason.setText(options.reason)

    def options(self) -> DeployOptions:
        """What is chosen now."""
        return DeployOptions(
            skip_tests=self.skip_tests.isChecked(),
            skip_backup=self.skip_backup.isChecked(),
            automatic_rollback=not self.no_rollback.isChecked(),
            watch_minutes=self.watch.value(),
            reason=self.reason.text().strip(),
        )


def _switch(text: str, name: str) -> QCheckBox:
    result = QCheckBox(text)
    result.setObjectName(name)
    return result
