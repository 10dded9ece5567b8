"""Whether an operator may change anything in an environment from here, and until when."""

from datetime import datetime

from backend.contracts.environment import Environment, Tier
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode, Record

DEFAULT_MINUTES = 30
LONGEST_MINUTES = 240
SHORTEST_REASON = 3


class ReadOnlyError(OperatorError):
    """The environment is read-only now. Nothing was asked of it."""


class AccessState(Record):
    """How an environment stands. Production is read-only until somebody unlocks it for a while."""

    environment: str
    protected: bool
    """Whether it opens read-only at all: production does."""
    until: datetime | None = None
    """When it becomes read-only again; None while it is read-only, or when it is not protected."""
    by: str = ""
    reason: str = ""

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed now."""
        return self.protected and self.until is None


def refuse_production(environment: Environment) -> None:
    """Raise ReadOnlyError for production: the guard of whoever was given no other one."""
    if environment.tier is Tier.PRODUCTION:
        raise read_only(environment.name)


def read_only(name: str) -> ReadOnlyError:
    """What is said when something would be changed in a read-only environment."""
    return ReadOnlyError(
        f"{name} is production and read-only now. Nothing was changed.",
        "Unlock it for a while: the button Unlock in the header, or main.py access unlock "
        f'--environment {name} --minutes {DEFAULT_MINUTES} --reason "…"',
        exit_code=ExitCode.REFUSED,
    )
