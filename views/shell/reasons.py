"""Why actions of the list cannot be done now: nothing is deployed, or the environment is read-only."""

from PySide6.QtCore import QObject, Slot

from backend.contracts.access import AccessState
from controllers.monitor import Snapshot
from views.shell.actions import ActionList
from views.shell.router import BREAKER_ACTIONS, LETTERS_ACTIONS, TRACKS_ACTIONS, WATERFALL_ACTIONS

_NEED_A_STACK = (
    "stack.health",
    "stack.start",
    "stack.stop",
    "breakers.reset-all",
    *BREAKER_ACTIONS,
    *WATERFALL_ACTIONS,
    *TRACKS_ACTIONS,
    *LETTERS_ACTIONS,
)
_CHANGE = frozenset(
    {
        "stack.start",
        "stack.stop",
        "rollback.ask",
        "breakers.reset-all",
        *BREAKER_ACTIONS,
        "waterfall.review",
        "tracks.import",
        "tracks.replay",
        "dead-letters.sample",
        "dead-letters.retry",
        "dead-letters.discard",
    }
)
"""What changes something in the environment as soon as it is confirmed."""
_NOTHING = "nothing is deployed here yet"


class Reasons(QObject):
    """Keeps the list's reasons up to date."""

    def __init__(self, actions: ActionList, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = actions
        self._nothing_deployed = False
        self._access: AccessState | None = None

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Follow what is deployed."""
        status = snapshot.status
        self._nothing_deployed = status is not None and not status.deployed
        self._tell()

    @Slot(object)
    def show_access(self, state: AccessState) -> None:
        """Follow whether anything may be changed."""
        self._access = state
        self._tell()

    def _tell(self) -> None:
        access = self._access
        locked = access is not None and access.read_only
        for action_id in {*_NEED_A_STACK, *_CHANGE}:
            reason = _NOTHING if self._nothing_deployed and action_id in _NEED_A_STACK else ""
            if locked and access is not None and action_id in _CHANGE:
                reason = f"{access.environment} is read-only: unlock it first"
            self._actions.set_reason(action_id, reason)
        protected = access is not None and access.protected
        only = "only production opens read-only"
        self._actions.set_reason(
            "access.unlock", only if not protected else "" if locked else "it is unlocked already"
        )
        self._actions.set_reason(
            "access.lock", only if not protected else "it is read-only already" if locked else ""
        )
