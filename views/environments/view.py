"""The environment editor: the list, the form of one, and its connection test."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from backend.contracts.errors import OperatorError
from backend.contracts.profiles import Removal
from controllers.environments import EnvironmentsController
from controllers.environments_rows import profile_rows, removal_words
from views.environments.connection_card import ConnectionCard
from views.environments.form import ProfileForm
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, button, column, row, scrolling
from views.widgets.confirm import ConfirmOverlay
from views.widgets.list_card import ListCard
from views.widgets.page import PageHead

_NARROW = 1000


class EnvironmentsView(QWidget):
    """Nothing is written until Save is pressed; drafts stay when another one is looked at."""

    def __init__(
        self, theme: Theme, controller: EnvironmentsController, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self.head = PageHead("Environments", "Where stacks run. Secrets are never part of a profile")
        self.add_button = button("Add", name="environment-add")
        self.remove_button = button("Remove…", "danger", name="environment-remove")
        self.discard_button = button("Discard changes", name="environment-discard")
        self.save_button = button("Save", "primary", name="environment-save")
        self.banner = Banner(theme)
        self.list = ListCard(theme, "Environments", self.add_button)
        self.form = ProfileForm()
        self.connection = ConnectionCard(theme)
        self.question: ConfirmOverlay | None = None
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        self.head.add(self.remove_button, self.discard_button, self.save_button)
        middle = row(self.list, scrolling(self.form), self.connection, gap=GAP_L)
        middle.setStretch(1, 1)
        layout = column(self.head, self.banner, middle, gap=GAP_L)
        layout.setStretch(2, 1)
        self.setLayout(layout)

    def _wire(self) -> None:
        controller = self._controller
        controller.listed.connect(self._show_list)
        controller.opened.connect(self._show_draft)
        controller.checked.connect(self._show_checked)
        controller.reported.connect(self.connection.show_report)
        controller.removal_known.connect(self._on_removal)
        controller.failed.connect(self._on_failed)
        controller.busy_changed.connect(self._show_checked)
        self.list.chosen.connect(controller.select)
        self.add_button.clicked.connect(self.add)
        self.remove_button.clicked.connect(controller.ask_removal)
        self.discard_button.clicked.connect(controller.discard)
        self.save_button.clicked.connect(self._on_save)
        self.form.edited.connect(self._on_edited)
        self.form.named.connect(controller.set_name)
        self.connection.test_asked.connect(controller.test)
        self.connection.stop_asked.connect(controller.stop_test)

    @Slot()
    def add(self) -> None:
        """Begin a new one, with the keyboard in its name."""
        self._controller.add()
        self.form.name.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Read the profiles when they are looked at: files may have changed meanwhile."""
        self._controller.refresh()
        super().showEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The form gets the room that is there."""
        narrow = event.size().width() < _NARROW
        self.list.setFixedWidth(206 if narrow else 260)
        self.connection.setFixedWidth(276 if narrow else 370)
        super().resizeEvent(event)

    @Slot()
    def _show_list(self) -> None:
        rows = profile_rows(self._controller.profiles, self._controller.drafts())
        self.list.show_rows(rows, "No environment was read yet.", first=False)
        self.list.list.choose(self._controller.selection)

    @Slot()
    def _show_draft(self) -> None:
        draft, profile = self._controller.draft, self._controller.profile
        self.list.list.choose(self._controller.selection)
        self.banner.hide()
        if draft is not None:
            self.form.show_draft(draft)
        if profile is not None and profile.problem:
            self.banner.show_note(profile.problem, profile.remedy)
        self._show_checked()

    @Slot()
    def _show_checked(self) -> None:
        controller, draft = self._controller, self._controller.draft
        ready = draft is not None and not controller.problems
        changed = draft is not None and draft.changed
        untouched = draft is not None and draft.new and not draft.name
        self.form.setEnabled(draft is not None)
        self.form.show_problems(controller.problems, untouched_name=untouched)
        self.save_button.setEnabled(ready and changed and not controller.busy)
        self.discard_button.setEnabled(changed and not controller.busy)
        profile = controller.profile
        self.remove_button.setEnabled(profile is not None and profile.exists and not controller.busy)
        self.connection.show_state(testing=controller.testing, usable=ready)

    @Slot(str, str)
    def _on_edited(self, field: str, text: str) -> None:
        self._controller.set_value(field, text)
        draft = self._controller.draft
        if field == "kind" and draft is not None:
            self.form.show_draft(draft)

    @Slot()
    def _on_save(self) -> None:
        self.banner.hide()
        self._controller.save()

    @Slot(object)
    def _on_removal(self, removal: Removal) -> None:
        if removal.refused:
            self.banner.show_note(f"{removal.name} cannot be removed: {removal.refused}.")
            return
        window = self.window()
        self.question = ConfirmOverlay(
            window, f"Remove {removal.name}?", removal_words(removal), "Remove", removal.name
        )
        self.question.confirmed.connect(self._controller.remove)
        self.question.ask()

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.banner.show_error(error, self._controller.selection)
