"""A pause ends when it was said to, also when it is made longer meanwhile."""

import asyncio

from backend.services.metadata_enrichment.work.pause import Pause
from tests.backend.services.api_gateway.virtual_time import VirtualTime


async def test_the_longest_pause_counts() -> None:
    time = VirtualTime()
    pause = Pause(time.clock, time.sleep)
    ended: list[float] = []

    async def wait() -> None:
        await pause.over()
        ended.append(time.now - 1_000)

    async def extend() -> None:
        await time.sleep(5)
        pause.extend(60)
        pause.extend(30)

    await wait()
    pause.extend(10)
    assert pause.seconds_left == 10
    await time.run(wait(), extend())
    assert ended == [0, 65]
    assert pause.seconds_left == 0
    await asyncio.wait_for(pause.over(), 1)
