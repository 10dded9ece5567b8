"""Production opens read-only: who may change it from here, kept in a file that window and command line share.

An unlocking is a file in the console's home with an end. Nothing renews it. What is already at work in a
runner process goes on when it ends: a deployment cut off half-way would be worse than one that finishes.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from app.operator import operator
from backend.contracts.access import (
    LONGEST_MINUTES,
    SHORTEST_REASON,
    AccessState,
    read_only,
)
from backend.contracts.environment import Environment, Tier
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.home import Home, make_private_folder

Now = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WriteAccess:
    """Reads and changes the unlockings of one home."""

    def __init__(self, home: Home, now: Now = _utc_now) -> None:
        self._folder = home.root / "state" / "access"
        self._now = now

    def state(self, environment: Environment) -> AccessState:
        """How it stands now. A file that cannot be read unlocks nothing."""
        if environment.tier is not Tier.PRODUCTION:
            return AccessState(environment=environment.name, protected=False)
        locked = AccessState(environment=environment.name, protected=True)
        try:
            kept = AccessState.model_validate_json(self._file(environment.name).read_bytes())
        except (OSError, ValidationError):
            return locked
        now = self._now()
        valid = (
            kept.environment == environment.name
            and kept.until is not None
            and kept.until.tzinfo is not None
            and now < kept.until <= now + timedelta(minutes=LONGEST_MINUTES)
        )
        return kept if valid else locked

    def guard(self, environment: Environment) -> None:
        """Raise ReadOnlyError while the environment is read-only."""
        if self.state(environment).read_only:
            raise read_only(environment.name)

    def unlock(self, environment: Environment, minutes: int, reason: str) -> AccessState:
        """Allow changes for `minutes` (1 to 240), with a reason of at least three characters."""
        _refuse_unusable(environment, minutes, reason.strip())
        state = AccessState(
            environment=environment.name,
            protected=True,
            until=self._now() + timedelta(minutes=minutes),
            by=operator(),
            reason=reason.strip(),
        )
        make_private_folder(self._folder)
        file = self._file(environment.name)
        fresh = file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(state.model_dump_json(), encoding="utf-8")
        fresh.replace(file)
        self._note("unlocked", state)
        return state

    def lock(self, environment: Environment) -> AccessState:
        """Make it read-only again now."""
        was = self.state(environment)
        self._file(environment.name).unlink(missing_ok=True)
        if was.until is not None:
            self._note("locked", was.model_copy(update={"by": operator()}))
        return self.state(environment)

    def _note(self, what: str, state: AccessState) -> None:
        """One line a change, so that it can be told afterwards who unlocked what and why."""
        entry = {"at": self._now().isoformat(), "what": what, **state.model_dump(mode="json")}
        with (self._folder / "audit.jsonl").open("a", encoding="utf-8") as audit:
            audit.write(json.dumps(entry) + "\n")

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _refuse_unusable(environment: Environment, minutes: int, reason: str) -> None:
    if environment.tier is not Tier.PRODUCTION:
        raise OperatorError(
            f"{environment.name} is {environment.tier.value} and never read-only. Nothing was changed.",
            exit_code=ExitCode.USAGE,
        )
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise OperatorError(
            f"{minutes} minutes is no time to unlock for.",
            f"Give 1 to {LONGEST_MINUTES} minutes.",
            exit_code=ExitCode.USAGE,
        )
    if len(reason) < SHORTEST_REASON:
        raise OperatorError(
            "A reason is missing.", "Say in a few words why it is unlocked.", exit_code=ExitCode.USAGE
        )
