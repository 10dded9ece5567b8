"""Options that every command has, and what a command works with."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from app.composition import Composition
from app.environments import SANDBOX
from app.terminal import Terminal
from backend.home import Home


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every command."""

    environment: Annotated[str, Parameter(help="Name of the environment.")] = SANDBOX
    json: Annotated[bool, Parameter(negative="", help="Print one JSON event a line.")] = False

    def terminal(self) -> Terminal:
        """Where to print."""
        return Terminal(as_json=self.json)

    def composition(self) -> Composition:
        """The parts to work with."""
        return Composition(Home.from_process_environment())


Flag = Parameter(negative="")
"""A switch without a `--no-` twin."""
