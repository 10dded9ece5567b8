"""What the environment editor asks. Blocks, and raises OperatorError."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from backend.contracts.connection import ConnectionReport
from backend.contracts.profiles import Profile, Removal


class ProfilesPort(Protocol):
    """Environments listed, saved, tested and removed."""

    def profiles(self) -> Sequence[Profile]:
        """All profiles, `sandbox` first, the broken ones with what is wrong."""

    def save(self, name: str, values: Mapping[str, str], *, new: bool) -> Profile:
        """Write a profile."""

    def removal(self, name: str) -> Removal:
        """What removing would mean, and whether it can be done now."""

    def remove(self, name: str) -> Removal:
        """Delete the profile's file, and nothing else."""

    def test(self, name: str, values: Mapping[str, str]) -> Iterator[ConnectionReport]:
        """Test a profile as the form has it: reports, each with everything known, the last one finished."""
