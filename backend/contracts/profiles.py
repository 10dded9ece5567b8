"""Profiles as they are listed, saved and removed."""

from collections.abc import Mapping

from backend.contracts.environment import Environment
from backend.contracts.runs import Record


class Profile(Record):
    """One profile: usable, or with what is wrong with its file."""

    name: str
    environment: Environment | None
    """None when the file is broken."""
    values: Mapping[str, str]
    """What the file says of each field (see `profile_form`); empty for the sandbox without a file."""
    path: str
    exists: bool
    """Whether there is a file: the sandbox does without one."""
    problem: str = ""
    remedy: str = ""
    unknown: tuple[str, ...] = ()
    """Entries of the file that the console does not know. They stay when it is saved."""


class Removal(Record):
    """What removing a profile would mean."""

    name: str
    refused: str = ""
    """Why it cannot be removed now; empty when it can."""
    doubt: str = ""
    """What could not be looked at: the stack may run."""
    stays: tuple[str, ...] = ()
    """Folders with data, backups, logs and secrets; removing deletes none of them."""
