"""Takes deliveries together that are there together, and waits for none to come."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from backend.messaging.port import Delivery

PAUSE_SECONDS = 0.005
"""A batch is closed when nothing more came for this long."""


async def batched(deliveries: AsyncIterator[Delivery], most: int) -> AsyncGenerator[list[Delivery], None]:
    """Batches of 1 to `most`, in order. Close it as the iterator of deliveries is closed."""
    coming: asyncio.Future[Delivery] = asyncio.ensure_future(anext(deliveries))
    try:
        while True:
            batch = [await coming]
            coming = asyncio.ensure_future(anext(deliveries))
            while len(batch) < most:
                done, _ = await asyncio.wait({coming}, timeout=PAUSE_SECONDS)
                if not done:
                    break
                batch.append(coming.result())
                coming = asyncio.ensure_future(anext(deliveries))
            yield batch
    finally:
        coming.cancel()
