"""Tries a JSON Patch on members of an operation without keeping anything."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from backend.contracts.dead_letter_operations import PatchSample, PatchTrial, Share
from backend.services.dlq_manager.json_patch import patched
from backend.services.dlq_manager.patch_steps import PatchFailedError, PatchStep
from backend.services.dlq_manager.transitions import Connection

TRIAL_SECONDS = 3.0
_BATCH = 50
_SAMPLES = 5
_LONGEST_SAMPLE = 20_000
_MOST_FAILURES = 20

_MEMBERS = sql.SQL("""
SELECT m.message_id, coalesce(r.body, p.body) AS body
FROM dead_letters.messages AS m
JOIN dead_letters.payloads AS p USING (message_id)
LEFT JOIN dead_letters.revisions AS r ON r.message_id = m.message_id AND r.number = m.revision
WHERE {chosen} AND ({every} = 1 OR abs(hashtext(m.message_id)::bigint) %% {every} = 0)
""")


@dataclass
class _Tally:
    applies: int = 0
    unchanged: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    samples: list[PatchSample] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return self.applies + self.unchanged + self.failures.total()


async def try_patch(
    connection: Connection,
    steps: Sequence[PatchStep],
    chosen: sql.Composable,
    arguments: dict[str, Any],
    members: int,
    seconds: float = TRIAL_SECONDS,
) -> tuple[PatchTrial, bool]:
    """The trial on `members` letters that `chosen` (about `m`) matches, and whether it was on all of them.

    When there are too many for the time, it is on those that a hash of their ids picks: a fair sample.
    """
    tally, end = _Tally(), time.monotonic() + seconds
    every = max(1, members // _at_most(seconds))
    statement = _MEMBERS.format(chosen=chosen, every=sql.Literal(every))
    async with connection.transaction(), connection.cursor(name="patch_trial") as cursor:
        cursor.itersize = _BATCH
        await cursor.execute(statement, arguments)
        while rows := await cursor.fetchmany(_BATCH):
            await asyncio.to_thread(_try_batch, tally, steps, rows, end)
            if time.monotonic() >= end:
                break
    return _trial(tally), tally.tried >= members


def _at_most(seconds: float) -> int:
    """How many are tried in that time; more are sampled. A usual payload takes about half a millisecond."""
    return int(seconds / 0.0005)


def _try_batch(tally: _Tally, steps: Sequence[PatchStep], rows: Sequence[Any], end: float) -> None:
    for message_id, body in rows:
        if time.monotonic() >= end:
            return
        _try_one(tally, steps, message_id, bytes(body))


def _try_one(tally: _Tally, steps: Sequence[PatchStep], message_id: str, body: bytes) -> None:
    try:
        after = patched(body, steps)
    except PatchFailedError as error:
        tally.failures[str(error)] += 1
        return
    if after == body:
        tally.unchanged += 1
        return
    tally.applies += 1
    if len(tally.samples) < _SAMPLES:
        tally.samples.append(PatchSample(message_id=message_id, before=_shown(body), after=_shown(after)))


def _shown(body: bytes) -> str:
    return body[:_LONGEST_SAMPLE].decode("utf-8", "backslashreplace")


def _trial(tally: _Tally) -> PatchTrial:
    return PatchTrial(
        applies=tally.applies,
        fails=tally.failures.total(),
        unchanged=tally.unchanged,
        failures=[Share(name=why, count=count) for why, count in tally.failures.most_common(_MOST_FAILURES)],
        samples=tally.samples,
    )
