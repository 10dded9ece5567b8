"""The list of operations and the members of one: read when somebody looks, kept up to date by the stream."""

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.dead_letter_operations import Operation, OperationItem, OperationItemPage
from controllers import operations
from controllers.dead_letters_feed import LettersSnapshot
from controllers.dead_letters_port import DeadLettersPort
from controllers.operations import Background

LISTED = 100


class OperationList(QObject):
    """Signals: `listed` when operations came or changed; `items_read` when members did; `failed` with an
    OperatorError, None when it is over.
    """

    listed = Signal()
    items_read = Signal()
    failed = Signal(object)

    def __init__(self, port: DeadLettersPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._port, self._environment = port, ""
        self.operations: dict[str, Operation] = {}
        self.chosen, self.outcome = "", ""
        self.items: list[OperationItem] = []
        self._after: int | None = None
        self._wanted_after: int | None = None
        self._list = operations.Operation(background, self)
        self._items = operations.Operation(background, self)
        self._list.succeeded.connect(self._on_list)
        self._items.succeeded.connect(self._on_items)
        for read in (self._list, self._items):
            read.failed.connect(self.failed)

    @property
    def has_more(self) -> bool:
        """Whether there are members behind the ones that were read."""
        return self._after is not None

    @property
    def operation(self) -> Operation | None:
        """The one that is chosen."""
        return self.operations.get(self.chosen)

    def set_environment(self, environment: str) -> None:
        """Turn to another environment and forget what was read."""
        self._list.cancel()
        self._items.cancel()
        self._environment, self.chosen, self.outcome = environment, "", ""
        self.operations, self.items, self._after = {}, [], None

    def read(self) -> None:
        """Read the list anew."""
        if self._environment:
            self._list.run(partial(self._port.operations, self._environment, LISTED))

    def choose(self, operation_id: str, outcome: str = "") -> None:
        """Read the members of an operation: those with an outcome, or all."""
        if (operation_id, outcome) != (self.chosen, self.outcome):
            self.items = []
        self.chosen, self.outcome = operation_id, outcome
        self._ask(None)

    def read_more(self) -> None:
        """Read the members behind the ones that are there."""
        if self._after is not None:
            self._ask(self._after)

    def take(self, operation: Operation) -> None:
        """An operation as it is now, from wherever."""
        before = self.operations.get(operation.id)
        if before == operation or (before is not None and before.version > operation.version):
            return
        self.operations[operation.id] = operation
        self.listed.emit()
        # Further pages that were read stay what they were: only the first one follows.
        if operation.id == self.chosen and len(self.items) <= LISTED * 2 and not self._items.busy:
            self._ask(None)

    @Slot(object)
    def on_snapshot(self, snapshot: LettersSnapshot) -> None:
        """What the live stream told last."""
        for operation in snapshot.operations.values():
            self.take(operation)

    def _ask(self, after: int | None) -> None:
        if self._environment and self.chosen:
            self._wanted_after = after
            call = partial(self._port.items, self._environment, self.chosen, self.outcome or None, after)
            self._items.run(call)

    @Slot(object)
    def _on_list(self, listed: list[Operation]) -> None:
        self.failed.emit(None)
        self.operations = {one.id: one for one in listed}
        self.listed.emit()

    @Slot(object)
    def _on_items(self, page: OperationItemPage) -> None:
        self.failed.emit(None)
        self.items = page.items if self._wanted_after is None else [*self.items, *page.items]
        self._after = page.after
        self.items_read.emit()
