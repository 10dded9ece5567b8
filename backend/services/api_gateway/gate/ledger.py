"""Which call may go when: the slots of one provider account, and why the gate is closed. Pure reckoning.

All times are microseconds of one clock, which the caller names. `gate.lua` says the same in Redis; a
differential test holds the two together, so a change here is a change there.

Slots are booked in order and never moved: a call that waits owns its slot. Bulk calls keep a whole spacing
(window / calls) apart and are booked only shortly before they go, so that an interactive call always finds
the next slot but one free.
"""

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import NamedTuple

from backend.contracts.providers import GateState
from backend.services.api_gateway.gate.limit import SECOND, RateLimit

FOREVER = 9_000_000_000_000_000
"""Later than any time; still exact in Lua's numbers."""
QUOTA_PAUSE = 15 * 60 * SECOND
"""Asked to wait longer than this, it is a quota that is used up and not a rate."""
UNNAMED_QUOTA = 3_600 * SECOND
"""How long a quota without a named end closes the gate."""
LONGEST_PAUSE = 7 * 86_400 * SECOND
"""A provider that names more is asked again after this."""
LONGEST_BACKOFF = 60 * SECOND
_STEEPEST = 7


class View(NamedTuple):
    """The gate after a request, in the clock of whoever keeps it."""

    now: int
    slot: int
    """The slot that was booked; 0 when none was."""
    earliest: int
    """When a call could go that is asked for now; `FOREVER` while blocked."""
    closed_until: int
    """The end of a pause, also of a past one; `FOREVER` while blocked."""
    lamp: GateState
    reason: str
    calls: int
    """The limit in force: what is documented, or less when the provider's headers say so."""
    remaining: int
    """Calls that could go at once."""
    held_back: bool
    """Whether the provider's headers say that less is left than the limit would allow."""


@dataclass(frozen=True)
class Turns:
    """Times at which a replica may call while it cannot see the others: `phase` after each whole `cycle`."""

    cycle: int
    phase: int

    def align(self, moment: int) -> int:
        """The first of them that is not before `moment`."""
        return moment + (self.phase - moment) % self.cycle


@dataclass
class Ledger:
    """The slots and the lamp of one provider account. `credentials` names those in use, see `block`."""

    limit: RateLimit
    credentials: str = ""
    slots: list[int] = field(default_factory=list)
    """The last `limit.calls` of them in order, those still to come included."""
    bulk_slot: int = 0
    closed_until: int = 0
    lamp: GateState = GateState.FLOWING
    reason: str = ""
    streak: int = 0
    pause: int = 0
    blocked: str | None = None
    blocked_reason: str = ""
    ceiling: int = 0
    left: int = 0
    left_until: int = 0

    @property
    def calls(self) -> int:
        """The limit in force."""
        return min(self.limit.calls, self.ceiling) if self.ceiling else self.limit.calls

    @property
    def is_blocked(self) -> bool:
        """Whether the credentials in use are those that were refused."""
        return self.blocked is not None and self.blocked == self.credentials

    @property
    def after_slots(self) -> int:
        """When the limit leaves room behind the slots that are taken."""
        slots, calls = self.slots, self.calls
        slot = slots[-1] if slots else 0
        if len(slots) >= calls:
            slot = max(slot, slots[-calls] + self.limit.window)
        if len(slots) >= self._at_once:
            slot = max(slot, slots[-self._at_once] + self._burst_window)
        return slot

    def earliest(self, now: int, *, bulk: bool = False, not_before: int = 0) -> int:
        """When a call could go that is asked for now."""
        if self.is_blocked:
            return FOREVER
        slot = max(now, not_before, self.closed_until, self.after_slots)
        if bulk:
            slot = max(slot, self.bulk_slot + self.limit.window // self.calls)
        if self.left == 0 and slot < self.left_until:
            slot = self.left_until
        return slot

    def reserve(
        self, now: int, ahead: int, *, bulk: bool = False, not_before: int = 0, turns: Turns | None = None
    ) -> View:
        """Book the earliest slot if it is at most `ahead` away; else nothing, and say when it would be."""
        slot = self.earliest(now, bulk=bulk, not_before=not_before)
        if turns is not None and slot != FOREVER:
            slot = turns.align(slot)
        if slot - now > ahead:
            return self.view(now, earliest=slot)
        if slot < self.left_until:
            self.left -= 1
        if bulk:
            self.bulk_slot = slot
        self.note(slot)
        return self.view(now, slot=slot, earliest=slot)

    def note(self, slot: int) -> None:
        """A slot that is taken, whoever booked it."""
        insort(self.slots, slot)
        del self.slots[: -self.limit.calls]

    def shift(self, by: int) -> None:
        """The clock was set: all times move along."""
        self.slots = [slot + by for slot in self.slots]
        self.bulk_slot += by
        self.closed_until += by
        self.left_until += by

    def close(self, now: int, slot: int, wait: int, *, quota: bool, jitter: int, reason: str) -> View:
        """The provider asked the call of `slot` to slow down, for `wait` if it said so (else 0).

        Without a named time the pause doubles with each throttled call that was let go after the last pause,
        and begins again once a window has passed in peace. `jitter` from 0 to 1000 varies it by a quarter.
        """
        if wait <= 0:
            wait = UNNAMED_QUOTA if quota else self._back_off(now, slot, jitter)
        wait = min(wait, LONGEST_PAUSE)
        if wait > 0 and now + wait > self.closed_until:
            self.closed_until, self.reason = now + wait, reason
            self.lamp = GateState.QUOTA if quota or wait > QUOTA_PAUSE else GateState.COOLING
        return self.view(now)

    def block(self, now: int, reason: str) -> View:
        """The credentials in use were refused: nothing goes until `unblock`, or with other credentials."""
        self.blocked, self.blocked_reason = self.credentials, reason
        return self.view(now)

    def unblock(self, now: int) -> View:
        """Try the credentials again. A pause that the provider asked for stays."""
        self.blocked = None
        return self.view(now)

    def observe(self, now: int, slot: int, ceiling: int, left: int, until: int) -> View:
        """What the headers of the answer to the call of `slot` said, each only ever lowering the limit.

        `ceiling`: the limit (0: not said). `left`: calls left until `until` (-1: not said).
        """
        if ceiling > 0:
            self.ceiling = ceiling
        if left >= 0:
            self.left = max(0, left - self._taken_since(slot))
            self.left_until = until if self.left < self._free(now) else 0
        return self.view(now)

    def view(self, now: int, *, slot: int = 0, earliest: int | None = None) -> View:
        """The gate as it stands."""
        blocked, closed = self.is_blocked, self.closed_until > now
        lamp = GateState.BLOCKED if blocked else self.lamp if closed else GateState.FLOWING
        reason = self.blocked_reason if blocked else self.reason if closed else ""
        limited = now < self.left_until
        free = min(self._free(now), self.left) if limited else self._free(now)
        return View(
            now=now,
            slot=slot,
            earliest=self.earliest(now) if earliest is None else earliest,
            closed_until=FOREVER if blocked else self.closed_until,
            lamp=lamp,
            reason=reason,
            calls=self.calls,
            remaining=free if lamp is GateState.FLOWING else 0,
            held_back=limited,
        )

    def _free(self, now: int) -> int:
        in_window = self.calls - self._taken_since(now - self.limit.window)
        in_burst = self._at_once - self._taken_since(now - self._burst_window)
        return max(0, min(in_window, in_burst))

    @property
    def _at_once(self) -> int:
        return min(self.limit.at_once, self.calls)

    @property
    def _burst_window(self) -> int:
        return self._at_once * self.limit.window // self.calls

    def _taken_since(self, moment: int) -> int:
        return len(self.slots) - bisect_right(self.slots, moment)

    def _back_off(self, now: int, slot: int, jitter: int) -> int:
        if slot < self.closed_until:
            return 0  # let go before the last pause was over: that pause is the answer to it
        again = now - self.closed_until <= max(self.limit.window, self.pause)
        self.streak = min(self.streak + 1, _STEEPEST) if again else 1
        self.pause = min(SECOND << (self.streak - 1), LONGEST_BACKOFF)
        return self.pause * 3 // 4 + self.pause * jitter // 2_000
