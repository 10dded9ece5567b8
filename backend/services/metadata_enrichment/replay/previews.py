"""Answers previews: one at a time, the newest of each editor only."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from backend.contracts.replay import PreviewRequest, ReplayComparison
from backend.contracts.waterfall import WaterfallConfiguration
from backend.services.metadata_enrichment.replay.comparison import Question, compare
from backend.services.metadata_enrichment.replay.evidence_store import EvidenceStore
from backend.services.metadata_enrichment.replay.limits import ProviderLimits

Base = Callable[[int | None], Awaitable[WaterfallConfiguration]]
"""Gives the version to compare with; none means the one in force."""


class SupersededError(Exception):
    """A newer preview of the same editor came, or whoever asked is gone."""


@dataclass
class _Ticket:
    """One preview under way; a thread looks at it, another one withdraws it."""

    withdrawn: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        if self.withdrawn.is_set():
            raise SupersededError


class Previews:
    """Compares drafts in a thread beside the event loop.

    Evidence that is being read is read to the end, because the next preview needs it as well.
    """

    def __init__(self, evidence: EvidenceStore, limits: ProviderLimits, base: Base) -> None:
        self._evidence = evidence
        self._limits = limits
        self._base = base
        self._alone = asyncio.Lock()
        self._newest: dict[str, _Ticket] = {}
        """By editor."""

    async def preview(self, request: PreviewRequest) -> ReplayComparison:
        """The comparison. SupersededError; errors of `base` and psycopg errors pass through."""
        started, ticket = time.monotonic(), self._ticket(request.editor)
        try:
            async with self._alone:
                ticket.check()
                base = await self._base(request.base_version)
                limits, columns = await asyncio.gather(
                    self._limits.per_second(), self._evidence.newest(request.tracks)
                )
                ticket.check()
                question = Question(base, request, limits, started)
                return await self._in_thread(lambda: compare(columns, question, ticket.check), ticket)
        finally:
            if self._newest.get(request.editor) is ticket:
                del self._newest[request.editor]

    def _ticket(self, editor: str) -> _Ticket:
        ticket = _Ticket()
        if editor:
            if earlier := self._newest.get(editor):
                earlier.withdrawn.set()
            self._newest[editor] = ticket
        return ticket

    async def _in_thread(self, work: Callable[[], ReplayComparison], ticket: _Ticket) -> ReplayComparison:
        """The work's result. When this task is cancelled, the thread ends before anybody else begins."""
        running = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            ticket.withdrawn.set()
            with suppress(SupersededError):
                await running
            raise
