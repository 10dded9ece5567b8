"""What a replica may do while it cannot see what the others do, so that all together keep the limit.

Losing Redis, a replica knows neither what the others have just used nor when they notice. So it pauses until
a whole window has passed, and then calls in turns: the window is divided by the calls of the limit, and the
places go round among the replicas last seen. It keeps to its turns until every other replica must have seen
Redis again and what they did by themselves has left the window. Alone, none of this is needed.

Not covered: a replica that alone loses sight of Redis for longer than the pause, while others still use it.
"""

from dataclasses import dataclass

from backend.services.api_gateway.gate.ledger import Turns
from backend.services.api_gateway.gate.limit import SECOND, RateLimit

GRACE = 3 * SECOND
"""Within this all replicas notice that Redis answers again: they try it once a second."""


@dataclass
class Isolation:
    """Times are microseconds of Redis' clock, or of the process before it was first heard."""

    limit: RateLimit
    rank: int = 0
    replicas: int = 1
    born: int = 0
    heard_at: int | None = None
    lost: bool = False
    resume_at: int = 0
    settled_at: int = 0

    @property
    def pause(self) -> int:
        """How long a replica calls nobody after it lost Redis. Never so short that a hiccup ends it."""
        return max(self.limit.window, GRACE)

    def lose(self, now: int) -> None:
        """Redis does not answer."""
        if not self.lost and self.replicas > 1:
            self.resume_at = max(self.resume_at, now + self.pause)
        self.lost = True

    def remembers(self, born: int) -> bool:
        """Whether Redis, whose slots are kept since `born`, still has what it had when it was last heard."""
        return self.born in {0, born}

    def hear(self, now: int, born: int, rank: int, replicas: int) -> bool:
        """Redis answered. False: it has lost earlier slots, so what it booked just now must not be used."""
        complete = self.remembers(born)
        if self.replicas > 1 and not (complete and self._was_brief(now)):
            self.settled_at = now + self.limit.window + GRACE
            if not complete:
                self.resume_at = now + self.pause
        elif now >= self.settled_at:
            self.resume_at = 0
        usable = complete or self.replicas == 1
        self.lost, self.born, self.heard_at = False, born, now
        if now >= self.settled_at:
            self.rank, self.replicas = rank, replicas
        return usable

    def turns(self, now: int) -> Turns | None:
        """The times at which this replica may call; none when it may at any."""
        if self.replicas == 1 or not (self.lost or now < self.settled_at):
            return None
        turn = -(-self.limit.window // self.limit.calls)
        return Turns(self.replicas * turn, self.rank * turn)

    def note(self, now: int, problem: str) -> str:
        """For the operator: what is wrong, and what of the limit is left; empty when all is well."""
        share = f"this replica keeps to 1 of {self.replicas} shares of the limit"
        if self.lost and self.replicas == 1:
            return f"{problem or 'Redis was away'}; this replica counts its calls by itself"
        if self.lost:
            return f"{problem or 'Redis was away'}; {share}, after a pause of {self.pause / SECOND:.0f} s"
        if self.turns(now) is not None:
            return f"Redis is back or has forgotten earlier calls; {share} until all replicas have noticed"
        return ""

    def _was_brief(self, now: int) -> bool:
        """Whether no replica can have called by itself: none does before its pause is over."""
        if not self.lost:
            return True
        return self.heard_at is not None and now - self.heard_at < self.pause
