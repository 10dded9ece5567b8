"""Options that every command has, and what a command works with."""

import os
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from app.composition import Composition
from app.environments import SANDBOX
from app.terminal import Terminal
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.home import Home, make_private_folder


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

    def refuse_unwritable_home(self) -> None:
        """OperatorError before anything begins that would need the home folder and could not have it."""
        root = Home.from_process_environment().root
        try:
            make_private_folder(root)
            cause = "" if os.access(root, os.W_OK | os.X_OK) else "permission denied"
        except OSError as error:
            cause = error.strerror or str(error)
        if cause:
            raise OperatorError(
                f"The console's folder {root} cannot be written: {cause}. Nothing was changed.",
                "Mend the folder's permissions, or set SONGNODES_HOME to another folder.",
                exit_code=ExitCode.REFUSED,
            )


def unusable(error: ValidationError) -> OperatorError:
    """What is wrong with words that were typed, each with the option it belongs to."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    told = "; ".join(f"{problem['loc'][-1]}: {problem['msg'].lower()}" for problem in problems)
    return OperatorError(f"{told}.", exit_code=ExitCode.USAGE)


Yes = Annotated[bool, Parameter(negative="", help="Do not ask.")]
Flag = Parameter(negative="")
"""A switch without a `--no-` twin."""
