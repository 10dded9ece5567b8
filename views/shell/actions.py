"""The one list of what can be done: menus, shortcuts, command palette and shortcut sheet come from it."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True)
class ActionSpec:
    """One thing that can be done. Serious things have no shortcut: no key press may do them by accident."""

    id: str
    title: str
    group: str
    shortcut: str = ""
    keywords: str = ""


ACTIONS = (
    ActionSpec("overview.open", "Overview", "Go to", "Ctrl+1", "home status"),
    ActionSpec("deploy.open", "Deploy", "Go to", "Ctrl+2", "wizard release run steps"),
    ActionSpec("rollback.open", "Rollback", "Go to", "Ctrl+3", "runs history back"),
    ActionSpec("breakers.open", "Circuit breakers", "Go to", "Ctrl+4", "providers rate gate limit outage"),
    ActionSpec("waterfall.open", "Waterfall", "Go to", "Ctrl+5", "sources order fields editor priority"),
    ActionSpec("tracks.open", "Tracks", "Go to", "Ctrl+6", "inspect lineage candidates why stored"),
    ActionSpec("dead-letters.open", "Dead letters", "Go to", "Ctrl+7", "failed dlq retry triage causes"),
    ActionSpec("settings.open", "Settings", "Go to", "Ctrl+9", "theme providers credentials preferences"),
    ActionSpec(
        "environments.open",
        "Environments",
        "Go to",
        "Ctrl+8",
        "profiles add edit test connection docker host",
    ),
    ActionSpec(
        "end-to-end.open", "End-to-end test", "Go to", "", "e2e strobe track bronze silver gold enrich"
    ),
    ActionSpec("palette.open", "Search or run a command", "Window", "Ctrl+K", "palette find"),
    ActionSpec("refresh", "Refresh", "Window", "F5", "reload measure"),
    ActionSpec("shortcuts.open", "Keyboard shortcuts", "Window", "F1", "help keys"),
    ActionSpec("stack.health", "Run health check", "Stack", "", "verify comprehensive"),
    ActionSpec("stack.start", "Start stack", "Stack", "", "up services"),
    ActionSpec("stack.stop", "Stop stack", "Stack", "", "down services"),
    ActionSpec("deploy.new", "New deployment…", "Stack", "", "deploy release"),
    ActionSpec("rollback.ask", "Roll back…", "Stack", "", "revert undo restore backup"),
    ActionSpec("access.unlock", "Unlock production…", "Stack", "", "read-only write protect"),
    ActionSpec("access.lock", "Make production read-only", "Stack", "", "lock protect"),
    ActionSpec("environments.add", "Add environment…", "Environments", "", "profile new"),
    ActionSpec("environments.test", "Test connection", "Environments", "", "profile check docker host"),
    ActionSpec("breakers.filter", "Filter providers", "Circuit breakers", "", "find search"),
    ActionSpec("breakers.probe", "Send test call", "Circuit breakers", "", "probe now half-open"),
    ActionSpec("breakers.close", "Reset…", "Circuit breakers", "", "close release clear"),
    ActionSpec("breakers.force-open", "Force open…", "Circuit breakers", "", "stop block provider"),
    ActionSpec("breakers.disable", "Disable…", "Circuit breakers", "", "pass provider"),
    ActionSpec("breakers.shadow", "Shadow…", "Circuit breakers", "", "observe provider"),
    ActionSpec("breakers.reset-all", "Reset all…", "Circuit breakers", "", "close every provider"),
    ActionSpec("waterfall.review", "Review and apply…", "Waterfall", "", "draft version save"),
    ActionSpec("waterfall.history", "History…", "Waterfall", "", "versions diff revert"),
    ActionSpec("waterfall.add", "Add source…", "Waterfall", "", "provider"),
    ActionSpec("waterfall.copy-order", "Copy order to other fields…", "Waterfall", "", "sources"),
    ActionSpec("waterfall.discard", "Discard draft", "Waterfall", "", "throw away changes"),
    ActionSpec("waterfall.filter", "Filter fields", "Waterfall", "", "find search"),
    ActionSpec("tracks.find", "Find a stored track", "Tracks", "", "search artist title"),
    ActionSpec("tracks.import", "Import file…", "Tracks", "", "csv json lines batch bulk"),
    ActionSpec("tracks.replay", "Resolve again…", "Tracks", "", "replay run stored answers promote"),
    ActionSpec("dead-letters.find", "Find dead letters", "Dead letters", "", "query search"),
    ActionSpec("dead-letters.sample", "Try 20 first…", "Dead letters", "", "canary retry"),
    ActionSpec("dead-letters.retry", "Retry what is shown…", "Dead letters", "", "send again bulk"),
    ActionSpec("dead-letters.discard", "Discard what is shown…", "Dead letters", "", "let go bulk"),
    ActionSpec("dead-letters.export", "Export bundle…", "Dead letters", "", "sealed file"),
    ActionSpec("theme.dark", "Dark theme", "Appearance", "", "colour night"),
    ActionSpec("theme.light", "Light theme", "Appearance", "", "colour day"),
    ActionSpec("theme.system", "Theme as the system has it", "Appearance", "", "colour auto"),
    ActionSpec("window.quit", "Quit", "Window", "Ctrl+Q", "exit close"),
)


class ActionList(QObject):
    """Makes a QAction of every spec on `window`.

    Signals: `triggered` with the id.
    """

    triggered = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._reasons: dict[str, str] = {}
        self._actions: dict[str, QAction] = {}
        for spec in ACTIONS:
            self._actions[spec.id] = self._make(spec, window)

    def _make(self, spec: ActionSpec, window: QWidget) -> QAction:
        action = QAction(spec.title, window)
        action.setData(spec.id)
        if spec.shortcut:
            action.setShortcut(QKeySequence(spec.shortcut))
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(self._on_triggered)
        window.addAction(action)
        return action

    def specs(self) -> tuple[ActionSpec, ...]:
        """Everything that can be done, in order."""
        return ACTIONS

    def set_reason(self, action_id: str, reason: str) -> None:
        """Disable an action for `reason`, or enable it with an empty one."""
        self._reasons[action_id] = reason
        self._actions[action_id].setEnabled(not reason)

    def reason(self, action_id: str) -> str:
        """Why an action cannot be done now; empty when it can."""
        return self._reasons.get(action_id, "")

    @Slot()
    def _on_triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.triggered.emit(str(action.data()))
