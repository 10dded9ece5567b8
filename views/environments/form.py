"""The form of a profile, in groups; what belongs to another kind is hidden."""

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from backend.contracts.environment import PROVIDERS, TargetKind
from backend.contracts.profile_form import CHOICES, COMPOSE, PORTS, default_of
from controllers.environments import Draft
from views.environments.field_row import FieldRow
from views.widgets.base import GAP_L, GAP_M, column, label, row
from views.widgets.card import Card

_COMPOSE_PORTS = frozenset(PORTS[PORTS.index("rabbitmq") :])


class ProfileForm(QWidget):
    """Signals: `edited` with a field and its text; `named` with the name of a new profile."""

    edited = Signal(str, str)
    named = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLineEdit()
        self.name_problem = label("", wrap=True, tone="bad")
        self.rows: dict[str, FieldRow] = {}
        self._docker = Card("Docker")
        self._arrange()
        self.name.textEdited.connect(self._on_named)

    def _arrange(self) -> None:
        self.name.setObjectName("field-name")
        self.name.setAccessibleName("Name")
        self.name.setPlaceholderText("small letters, digits, hyphens")
        title = label("Name", "muted")
        title.setFixedSize(142, 32)
        basics = Card("Environment")
        basics.body.addLayout(
            row(column(title, None, gap=0), column(self.name, self.name_problem, gap=2), gap=10)
        )
        self._add(basics, ("tier", "kind", "host"))
        self._add(self._docker, [f"compose.{name}" for name in COMPOSE])
        database = Card("Database")
        self._add(database, ("database", "database_user"))
        watching = Card("Watching")
        self._add(watching, ("watch_minutes", "prometheus_url", "grafana_url"))
        ports = Card("Ports")
        ports.body.addLayout(self._grid([f"ports.{name}" for name in PORTS]))
        providers = Card("Providers")
        providers.body.addWidget(label("Takes effect with the next deployment.", "muted", wrap=True))
        self._add(providers, [f"providers.{name}" for name in PROVIDERS])
        cards = (basics, self._docker, ports, database, watching, providers)
        # The scroll bar lies over the right edge.
        self.setLayout(column(*cards, None, gap=GAP_L, margin=(0, 0, 10, 0)))

    def _add(self, card: Card, fields: Sequence[str]) -> None:
        for each in self._made(fields, narrow=False):
            card.body.addWidget(each)

    def _grid(self, fields: Sequence[str]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP_L)
        grid.setVerticalSpacing(GAP_M)
        for place, each in enumerate(self._made(fields, narrow=True)):
            grid.addWidget(each, place // 2, place % 2)
            grid.setColumnStretch(place % 2, 1)
        return grid

    def _made(self, fields: Sequence[str], *, narrow: bool) -> Iterator[FieldRow]:
        for field in fields:
            made = FieldRow(field, CHOICES.get(field, ()), narrow=narrow)
            made.edited.connect(self.edited)
            self.rows[field] = made
            yield made

    def show_draft(self, draft: Draft) -> None:
        """Show a profile; nobody has edited anything."""
        self.name.setText(draft.name)
        self.name.setReadOnly(not draft.new)
        for field, each in self.rows.items():
            each.show_text(draft.values.get(field, ""), default_of(field, _kind_of(draft)))
        self.show_kind(draft)

    def show_kind(self, draft: Draft) -> None:
        """Show what belongs to the kind."""
        compose = _kind_of(draft) == TargetKind.COMPOSE
        self._docker.setVisible(compose)
        for name in _COMPOSE_PORTS:
            self.rows[f"ports.{name}"].setVisible(compose)

    def show_problems(self, problems: Mapping[str, str], *, untouched_name: bool) -> None:
        """Say beside each field what is wrong with it. A name that was not begun is no mistake yet."""
        words = "" if untouched_name else problems.get("name", "")
        self.name_problem.setText(words)
        self.name_problem.setVisible(bool(words))
        self.name.setAccessibleDescription(words)
        for field, each in self.rows.items():
            each.show_problem(problems.get(field, ""))

    @Slot(str)
    def _on_named(self, text: str) -> None:
        self.named.emit(text)


def _kind_of(draft: Draft) -> str:
    """The draft's kind; `local` while it is none that exists."""
    return draft.kind if draft.kind in tuple(TargetKind) else TargetKind.LOCAL
