"""A consumer of the PostgreSQL broker: claims in batches, keeps leases alive, listens for news."""

import asyncio
from collections import deque
from contextlib import suppress

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.messaging.port import BrokerError, BrokerUnavailableError, Message, checked_delay
from backend.messaging.postgres_acks import GroupedAcks
from backend.messaging.postgres_queue import CHANNEL, ClaimedRow, Pool, PostgresQueue

POLL_SECONDS = 1.0
"""The longest a due message waits when its notification was missed."""
_RETRY_SECONDS = 1.0

_log = structlog.get_logger()


class PostgresDelivery:
    """A message under a lease, settled through its subscription."""

    def __init__(self, subscription: "PostgresSubscription", held: ClaimedRow) -> None:
        self._subscription = subscription
        self._held = held

    @property
    def message(self) -> Message:
        """The message."""
        return self._held.message

    @property
    def delivery_count(self) -> int:
        """Which delivery this is, from 1."""
        return self._held.delivery_count

    async def ack(self) -> None:
        """Take the message off the queue. DeliveryLostError when the lease had ended."""
        with self._subscription.settling(self._held):
            await self._subscription.acks.remove(self._held)

    async def nack(self, delay_seconds: float = 0.0) -> None:
        """Put it back, to be delivered again after the delay. DeliveryLostError as for `ack`."""
        delay = checked_delay(delay_seconds)
        with self._subscription.settling(self._held):
            await self._subscription.queue.put_back(self._held, delay)


class _Settling:
    """Marks a delivery as settled even when the broker refused: its lease is then nobody's any more."""

    def __init__(self, subscription: "PostgresSubscription", held: ClaimedRow) -> None:
        self._subscription = subscription
        self._held = held

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_exception: object) -> None:
        self._subscription.forget(self._held)


class PostgresSubscription:
    """An endless iterator of deliveries; `PostgresBroker.consume` makes and ends it."""

    def __init__(
        self,
        pool: Pool,
        queue: PostgresQueue,
        prefetch: int,
        lease_seconds: float,
        hindered: dict[str, str],
    ) -> None:
        """Tells in `hindered`, under the queue's name, why it can claim nothing."""
        self.queue = queue
        self.acks = GroupedAcks(queue)
        self._pool = pool
        self._prefetch = prefetch
        self._lease_seconds = lease_seconds
        self._hindered = hindered
        self._waiting: deque[ClaimedRow] = deque()
        self._handed_out: dict[int, ClaimedRow] = {}
        self._news = asyncio.Event()
        self._room = asyncio.Event()

    def __aiter__(self) -> "PostgresSubscription":
        return self

    async def __anext__(self) -> PostgresDelivery:
        """The next delivery; waits for one as long as it takes, also while the broker is away."""
        while not self._waiting:
            await self._fill()
        held = self._waiting.popleft()
        self._handed_out[held.row_id] = held
        return PostgresDelivery(self, held)

    def settling(self, held: ClaimedRow) -> _Settling:
        """Context in which a delivery is settled."""
        return _Settling(self, held)

    def forget(self, held: ClaimedRow) -> None:
        """A delivery is settled or lost: there is room for another one."""
        self._handed_out.pop(held.row_id, None)
        self._room.set()

    async def close(self) -> None:
        """Give back what was not settled; what the handler never saw does not count as delivered."""
        with suppress(BrokerError):  # without a broker the leases end by themselves
            if self._waiting:
                await self.queue.give_back_unseen(self._waiting)
            for held in list(self._handed_out.values()):
                await self.queue.put_back(held, 0.0)

    async def _fill(self) -> None:
        room = self._prefetch - len(self._handed_out)
        if room <= 0:
            self._room.clear()
            await self._room.wait()
            return
        self._news.clear()
        try:
            self._waiting.extend(await self.queue.claim(room))
            self._hindered.pop(self.queue.name, None)
            if not self._waiting and await self.queue.mend_times():
                _log.warning("broker_clock_went_back", queue=self.queue.name)
                return
        except BrokerUnavailableError as error:
            self._hindered[self.queue.name] = str(error)
            _log.warning("broker_unavailable", queue=self.queue.name, reason=str(error))
            await asyncio.sleep(_RETRY_SECONDS)
        if not self._waiting:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), POLL_SECONDS)

    async def listen(self) -> None:
        """Background task: wake the iterator when the queue has news. Without it polling still finds them."""
        while True:
            try:
                await self._listen_once()
            except (psycopg.Error, PoolTimeout, PoolClosed) as error:
                _log.warning("broker_listen_interrupted", queue=self.queue.name, reason=type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _listen_once(self) -> None:
        async with self._pool.connection() as connection:
            try:
                await connection.set_autocommit(True)
                await connection.execute(f"LISTEN {CHANNEL}")
                async for notification in connection.notifies():
                    if notification.payload == self.queue.name:
                        self._news.set()
            finally:
                await connection.execute("UNLISTEN *")  # the next user of this connection wants no news
                await connection.set_autocommit(False)

    async def keep_leases(self) -> None:
        """Background task: prolong the leases of what is held, so that slow work is not delivered twice."""
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            held = [*self._waiting, *self._handed_out.values()]
            if not held:
                continue
            try:
                await self.queue.extend(held)
            except BrokerUnavailableError as error:
                _log.warning("broker_lease_not_extended", queue=self.queue.name, reason=str(error))
