"""Acknowledgements that come at the same time are one transaction: each alone would wait for the disk."""

import asyncio

from backend.messaging.port import BrokerError, DeliveryLostError
from backend.messaging.postgres_queue import ClaimedRow, PostgresQueue


class GroupedAcks:
    """Removes messages of one queue; whoever asks waits until the removal is committed."""

    def __init__(self, queue: PostgresQueue) -> None:
        self._queue = queue
        self._waiting: list[tuple[ClaimedRow, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def remove(self, held: ClaimedRow) -> None:
        """Take the message off the queue. The errors are those of a delivery's `ack`."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((held, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                removed = await self._queue.remove([held for held, _ in group])
            except BrokerError as error:
                for _, done in group:
                    _end(done, error)
                continue
            for held, done in group:
                _end(done, None if held.row_id in removed else _lost(held))


def _end(done: asyncio.Future[None], error: BrokerError | None) -> None:
    if done.done():  # whoever waited was cancelled meanwhile
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


def _lost(held: ClaimedRow) -> DeliveryLostError:
    return DeliveryLostError(f"the lease on message {held.message.message_id} ended; it is delivered again")
