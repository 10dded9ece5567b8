"""Live output: a table over a ring of lines, filter by source, follow the tail, copy, save."""

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFileDialog, QSizePolicy, QWidget

from controllers.log_model import LogModel
from controllers.wording import count
from views.theme.theme import Theme
from views.widgets.base import add_shown, button, clear, label, one_pass, row
from views.widgets.card import Card
from views.widgets.clipboard import copy
from views.widgets.code_block import CodeBlock
from views.widgets.log_table import LogTable

MOST_CHIPS = 6
_NARROW = 720


class OutputPanel(Card):
    """The card with the output and everything one does with it."""

    def __init__(self, theme: Theme, model: LogModel, parent: QWidget | None = None) -> None:
        self.counter = label("", "faint")
        self.copy_button = button("Copy", "link", tip="Copy all shown lines")
        self.save_button = button("Save…", "link", tip="Save all shown lines to a file")
        self._chips = row(gap=6)
        self._chip_bar = QWidget()
        self._chip_bar.setLayout(self._chips)
        super().__init__("Output", self.counter, parent=parent)
        self.head.addWidget(self._chip_bar)
        self.head.addWidget(self.copy_button)
        self.head.addWidget(self.save_button)
        self._log = model
        self._following = True
        self.table = LogTable(theme, model)
        self.latest_button = button("Jump to latest", "chip")
        self.latest_button.hide()
        self.head.insertWidget(1, self.latest_button)
        self.body.addWidget(self.table)
        self.detail = CodeBlock("the selected line", most_lines=4)
        self.detail.hide()
        self.body.addWidget(self.detail)
        self._group = QButtonGroup(self)
        self._wire()
        self._rebuild_chips()

    def _wire(self) -> None:
        self._log.sources_changed.connect(self._rebuild_chips)
        self._log.counted.connect(self._on_counted)
        self._group.buttonClicked.connect(self._on_chip)
        self.copy_button.clicked.connect(self._copy)
        self.save_button.clicked.connect(self._save)
        self.latest_button.clicked.connect(self.jump_to_latest)
        self.table.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.table.verticalScrollBar().rangeChanged.connect(self._on_range)
        self.table.selectionModel().selectionChanged.connect(self._show_detail)
        self._log.modelReset.connect(self._show_detail)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The chips get a line of their own where they would be squeezed."""
        narrow = event.size().width() < _NARROW
        if narrow != (self.body.indexOf(self._chip_bar) >= 0):
            target = self.body if narrow else self.head
            target.insertWidget(0 if narrow else self.head.indexOf(self.copy_button), self._chip_bar)
            self._chip_bar.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        super().resizeEvent(event)

    def chips(self) -> list[QAbstractButton]:
        """The source filters shown, `all` first; none while a single source has spoken."""
        return self._group.buttons()

    @Slot()
    def jump_to_latest(self) -> None:
        """Follow the tail again."""
        self._following = True
        self.table.scrollToBottom()
        self.latest_button.hide()

    @Slot()
    def _on_counted(self) -> None:
        shown, total = self._log.rowCount(), self._log.total
        text = f"{count(shown)} of {count(total)} lines" if shown != total else f"{count(total)} lines"
        if self._log.dropped:
            text += f" · {count(self._log.dropped)} older ones dropped"
        self.counter.setText(text if total else "")
        if self._following:
            self.table.scrollToBottom()
        else:
            self.latest_button.show()

    @Slot(int)
    def _on_scrolled(self, value: int) -> None:
        """The tail is followed until the operator scrolls up, and again once they are back at the end."""
        bar = self.table.verticalScrollBar()
        if bar.isSliderDown() or self.table.hasFocus() or self.table.underMouse():
            self._following = value >= bar.maximum()
            self.latest_button.setVisible(not self._following)

    @Slot()
    def _on_range(self) -> None:
        """A table that became lower still shows the newest line."""
        if self._following:
            self.table.scrollToBottom()

    @Slot()
    def _show_detail(self) -> None:
        """The selected line in full, wrapped; only one, since several are for copying."""
        rows = self.table.selectionModel().selectedRows()
        self.detail.setVisible(len(rows) == 1)
        if len(rows) == 1:
            self.detail.show_text(self._log.line(rows[0].row()).text)

    @Slot()
    def _rebuild_chips(self) -> None:
        """Chips that are still right stay: styling a new one is dear, and sources come one by one."""
        names = [name for name in self._log.sources if name != "$"][:MOST_CHIPS]
        wanted = ["all", *names] if len(names) > 1 else []
        kept = [chip.accessibleName() for chip in self._group.buttons()]
        with one_pass(self._chips):
            if kept != wanted[: len(kept)]:
                self._remove_chips()
                kept = []
            for source in wanted[len(kept) :]:
                self._add_chip(source)

    def _remove_chips(self) -> None:
        for old in self._group.buttons():
            self._group.removeButton(old)
        clear(self._chips)

    def _add_chip(self, source: str) -> None:
        chip = button(source, "chip", tip=f"Show output of: {source}")
        chip.setCheckable(True)
        chip.setChecked(source == "all")
        self._group.addButton(chip)
        add_shown(self._chips, chip)

    @Slot(object)
    def _on_chip(self, chip: QWidget) -> None:
        name = chip.accessibleName()
        self._log.show_source(None if name == "all" else name)

    @Slot()
    def _copy(self) -> None:
        copy(self._log.text())

    @Slot()
    def _save(self) -> None:
        dialog = QFileDialog(self, "Save output", "output.log", "Text (*.log *.txt)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(self.save_to)
        dialog.open()

    @Slot(str)
    def save_to(self, path: str) -> None:
        """Write all shown lines to `path`; the counter says where they went, or why not."""
        try:
            Path(path).write_text(self._log.text() + "\n", "utf-8")
        except OSError as error:
            self.counter.setText(f"Not saved: {error.strerror} ({path})")
        else:
            self.counter.setText(f"Saved to {path}")
