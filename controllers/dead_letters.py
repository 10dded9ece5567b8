"""The controller of the dead-letter screen: what is shown, what is picked, and what is done about it."""

from datetime import datetime, timedelta
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.dead_letter_operations import FINISHED_STATES
from backend.contracts.dead_letter_operations import Operation as Bulk
from backend.contracts.dead_letter_query import QueryError, parse
from backend.contracts.dead_letter_views import (
    CauseList,
    LetterDetail,
    LetterPage,
    LetterRow,
    PageRequest,
    Selection,
)
from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from controllers.clock import Clock
from controllers.dead_letters_acts import LetterActs
from controllers.dead_letters_contrast import ContrastReader
from controllers.dead_letters_feed import LettersFeed, LettersSnapshot
from controllers.dead_letters_operations import OperationList
from controllers.dead_letters_port import DeadLettersPort
from controllers.dead_letters_table import BLOCK, LetterTable
from controllers.operations import Operation
from controllers.streams import StreamingBackground

REFRESH_MS = 2000
"""Causes and the strip follow what happens this often at most."""
TYPING_MS = 300
SPANS = {"1 h": timedelta(hours=1), "24 h": timedelta(hours=24), "30 d": timedelta(days=30)}


class DeadLettersController(QObject):
    """Signals: `causes_read` with a CauseList; `strip_read` with a TimeStrip; `table_read` when the table
    began anew; `opened` with a LetterDetail; `failed` with an OperatorError, None when it is over;
    `query_refused` with a text, empty when the query can be read; `news` with how many more or fewer letters
    there are since the table was read; `cleared` when the environment changed, or whether it has a stack.
    """

    causes_read = Signal(object)
    strip_read = Signal(object)
    table_read = Signal()
    opened = Signal(object)
    failed = Signal(object)
    query_refused = Signal(str)
    news = Signal(int)
    cleared = Signal()

    def __init__(
        self,
        port: DeadLettersPort,
        background: StreamingBackground,
        clock: Clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._port, self.clock = port, clock
        self.environment: Environment | None = None
        self.deployed, self._shown, self._visible = True, False, False
        self.selection, self.span = Selection(), "24 h"
        self.causes: CauseList | None = None
        self.letter: LetterDetail | None = None
        self.table = LetterTable(self)
        self.feed = LettersFeed(port, background, clock, self)
        self.acts = LetterActs(port, background, self)
        self.contrast = ContrastReader(port, background, self)
        self.operations = OperationList(port, background, self)
        self._reads = {
            name: Operation(background, self) for name in ("causes", "strip", "table", "block", "letter")
        }
        self._wanted_block = 0
        self._wanted = self.selection
        """What the first page was asked for: by the time it comes, a query may have been typed."""
        self._going: set[str] = set()
        self._refresh = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._wire()

    def _wire(self) -> None:
        self._reads["causes"].succeeded.connect(self._on_causes)
        self._reads["strip"].succeeded.connect(self.strip_read)
        self._reads["table"].succeeded.connect(self._on_table)
        self._reads["block"].succeeded.connect(self._on_block)
        self._reads["block"].failed.connect(self._on_block_failed)
        self._reads["letter"].succeeded.connect(self._on_letter)
        for read in self._reads.values():
            read.failed.connect(self.failed)
        self.table.wanted.connect(self._on_wanted)
        self.feed.changed.connect(self._on_snapshot)
        self.feed.changed.connect(self.operations.on_snapshot)
        self.acts.letter_changed.connect(self._on_letter_changed)
        self.acts.operation_changed.connect(self._on_operation)
        self._refresh.timeout.connect(self.read_groups)
        self._typing.timeout.connect(self.read_table)

    def set_environment(self, environment: Environment) -> None:
        """Turn to another environment."""
        self.environment, self.deployed = environment, True
        self.acts.set_environment(environment.name)
        self._clear()

    def set_deployed(self, *, deployed: bool) -> None:
        """Ask nothing where nothing is deployed: nobody could answer."""
        if deployed != self.deployed:
            self.deployed = deployed
            self._clear()

    def set_shown(self, *, shown: bool) -> None:
        """The screen is looked at, or no more."""
        self._shown = shown
        self._follow()
        if shown:
            self.refresh()

    def set_visible(self, *, visible: bool) -> None:
        """The window can be seen, or not."""
        self._visible = visible
        self._follow()

    def stop(self) -> None:
        """Ask nothing more."""
        self._shown = False
        self._follow()
        for timer in (self._refresh, self._typing):
            timer.stop()

    @Slot()
    def refresh(self) -> None:
        """Read everything anew."""
        self.read_groups()
        self.read_table()

    @Slot()
    def read_groups(self) -> None:
        """Read causes and the strip."""
        if self._name:
            self._reads["causes"].run_if_idle(partial(self._port.causes, self._name))
            end = self.clock()
            begin = end - SPANS[self.span]
            self._reads["strip"].run_if_idle(
                partial(self._port.timeline, self._name, begin, end, self.selection.fingerprint)
            )

    @Slot()
    def read_table(self) -> None:
        """Read the first page of what is selected."""
        self._typing.stop()
        if self._name:
            self._wanted = self.selection
            request = PageRequest(selection=self.selection, limit=BLOCK)
            self._reads["table"].run(partial(self._port.page, self._name, request))

    def choose_cause(self, fingerprint: str | None) -> None:
        """Show the letters of one cause, or of all."""
        if fingerprint != self.selection.fingerprint:
            self.selection = self.selection.model_copy(update={"fingerprint": fingerprint})
            self.refresh()

    def choose_span(self, span: str) -> None:
        """Show another time on the strip."""
        self.span = span
        self.read_groups()

    def brush(self, begin: datetime | None, end: datetime | None) -> None:
        """Show the letters that failed in this time; none: of all times."""
        self.selection = self.selection.model_copy(update={"failed_from": begin, "failed_until": end})
        self.read_table()

    def search(self, query: str) -> None:
        """Show what a query finds, once typing has paused; a query that cannot be read is told at once."""
        try:
            parse(query)
        except QueryError as error:
            self.query_refused.emit(str(error))
            self._typing.stop()
            return
        self.query_refused.emit("")
        if query.strip() != self.selection.query:
            self.selection = self.selection.model_copy(update={"query": query.strip()})
            self._typing.start()

    def open(self, message_id: str) -> None:
        """Look closely at one letter."""
        if self._name:
            self._reads["letter"].run(partial(self._port.letter, self._name, message_id))

    @property
    def is_settled(self) -> bool:
        """Whether the table shows what was chosen last: only then is it clear which letters are meant."""
        return self.selection == self.table.selection

    @property
    def _name(self) -> str:
        return self.environment.name if self.environment is not None and self.deployed else ""

    def _clear(self) -> None:
        for read in self._reads.values():
            read.cancel()
        self.operations.set_environment(self._name)
        self.contrast.cancel()
        self.causes, self.letter, self.selection = None, None, Selection()
        self.table.pick_all(picked=False)
        self.table.show(Selection(), LetterPage(rows=[], total=0, total_is_exact=True), self.clock())
        self.cleared.emit()
        self._follow()
        if self._shown:
            self.refresh()

    def _follow(self) -> None:
        self.feed.watch(self._name, wanted=self._shown and self._visible and bool(self._name))

    @Slot(object)
    def _on_causes(self, causes: CauseList) -> None:
        self.causes = causes
        self.failed.emit(None)
        self.causes_read.emit(causes)
        chosen = self.selection.fingerprint
        if chosen is not None:
            open_now = next((cause.open for cause in causes.causes if cause.fingerprint == chosen), 0)
            self._tell_news(Selection(fingerprint=chosen), open_now)

    def _tell_news(self, selection: Selection, open_now: int) -> None:
        """What came since the table was read, where the tallies count just what it shows."""
        if selection == self.selection == self.table.selection and self.table.is_exact:
            self.news.emit(open_now - self.table.total)

    @Slot(object)
    def _on_table(self, page: LetterPage) -> None:
        self.failed.emit(None)
        # A block that was asked for until now is of the selection before.
        self._reads["block"].cancel()
        self.table.show(self._wanted, page, self.clock())
        self.news.emit(0)
        self.table_read.emit()

    @Slot(int, object)
    def _on_wanted(self, block: int, request: PageRequest) -> None:
        if self._name:
            self._wanted_block = block
            self._reads["block"].run(partial(self._port.page, self._name, request))

    @Slot(object)
    def _on_block(self, page: LetterPage) -> None:
        self.table.take(self._wanted_block, page)

    @Slot(object)
    def _on_block_failed(self, _error: OperatorError) -> None:
        self.table.give_up()

    @Slot(object)
    def _on_letter(self, letter: LetterDetail) -> None:
        self.letter = letter
        self.table.replace(LetterRow.model_validate(letter.model_dump(include=set(LetterRow.model_fields))))
        self.opened.emit(letter)

    @Slot(object)
    def _on_letter_changed(self, letter: LetterDetail) -> None:
        self._on_letter(letter)
        self._refresh.start()

    @Slot(object)
    def _on_operation(self, operation: Bulk) -> None:
        self._refresh.start()
        self.feed.take(operation)
        if self.table.picked_count and operation.selection == self.table.meant():
            # It acts on just what was picked: that is not to be picked for the next one, too.
            self.table.pick_all(picked=False)
        if operation.state in FINISHED_STATES:
            self.read_table()

    def _notice_ends(self, snapshot: LettersSnapshot) -> None:
        """What an operation did is looked at when it ends, not at each of its steps."""
        going = {one.id for one in snapshot.operations.values() if one.state not in FINISHED_STATES}
        ended = [snapshot.operations[one] for one in self._going - going if one in snapshot.operations]
        self._going = going
        for operation in ended:
            self._on_operation(operation)

    @Slot(object)
    def _on_snapshot(self, snapshot: LettersSnapshot) -> None:
        self._notice_ends(snapshot)
        meter = snapshot.meter
        if meter is None or self.causes is None:
            return
        open_now = sum(cause.open for cause in self.causes.causes)
        states = sum(meter.by_state.get(state.value, 0) for state in Selection().states)
        # With causes beyond the list their letters are not known, and nothing can be compared.
        if not self.causes.more and states != open_now and not self._refresh.isActive():
            self._refresh.start()
        self._tell_news(Selection(), states)
