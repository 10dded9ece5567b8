"""What follows from a breaker's change: a row in Bronze, its state in Silver, an event, a log line."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from backend.contracts.live import BreakerTransition
from backend.contracts.providers import BreakerState, ControlStatus
from backend.services.api_gateway.breakers.board import BreakerBoard
from backend.services.api_gateway.breakers.model import Transition
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.records import BreakerEventRecord, BreakerStateRecord

Announce = Callable[[BreakerTransition], None]

_log = structlog.get_logger()


def announce_nothing(_change: BreakerTransition) -> None:
    """Nobody listens."""


class TransitionLog:
    """Takes the changes of all breakers. One that another replica made is recorded there, not here."""

    def __init__(
        self, recorder: Recorder, metrics: GatewayMetrics, announce: Announce = announce_nothing
    ) -> None:
        self._recorder = recorder
        self._metrics = metrics
        self._announce = announce

    def started(self, board: BreakerBoard) -> None:
        """A provider's breakers begin, in the state that other replicas may have brought them to."""
        for endpoint, status in board.statuses().items():
            self._recorder.add(
                BreakerStateRecord(
                    board.provider,
                    status.state,
                    status.epoch,
                    status.reason or "the gateway started",
                    status.since,
                    status.retry_at,
                    endpoint,
                    status.control,
                )
            )

    def changed(self, board: BreakerBoard, change: Transition) -> None:
        """A breaker changed."""
        now = datetime.now(UTC)
        if not change.adopted:
            self._record(board, change, now)
        self._announce(
            BreakerTransition(
                provider=board.provider,
                endpoint=change.endpoint,
                from_state=change.from_state,
                to_state=change.to_state,
                reason=change.reason,
                epoch=change.epoch,
                at=now,
            )
        )
        _log.warning(
            "circuit_breaker",
            provider=board.provider,
            endpoint=change.endpoint,
            from_state=change.from_state,
            to_state=change.to_state,
            reason=change.reason,
            epoch=change.epoch,
        )

    def _record(self, board: BreakerBoard, change: Transition, now: datetime) -> None:
        provider, endpoint = board.provider, change.endpoint
        if change.to_state is BreakerState.OPEN and change.from_state is not BreakerState.OPEN:
            self._metrics.breaker_opened(provider)
        retry_at = None if change.retry_in is None else now + timedelta(seconds=change.retry_in)
        shown = board.statuses().get(endpoint)
        control = ControlStatus() if shown is None else shown.control
        self._recorder.add(
            BreakerEventRecord(
                provider,
                change.from_state,
                change.to_state,
                change.reason,
                change.epoch,
                change.failures,
                now,
                endpoint,
            )
        )
        self._recorder.add(
            BreakerStateRecord(
                provider, change.to_state, change.epoch, change.reason, now, retry_at, endpoint, control
            )
        )
