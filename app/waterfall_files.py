"""A waterfall in a JSON file: exported, changed with any editor, applied or tried out."""

from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField


class WaterfallFile(BaseModel):
    """What the file holds: the fields, and the version that they were exported from."""

    version: int | None = None
    """A change of the file is a change of this version; none: of the one in force."""
    fields: list[WaterfallField] = Field(min_length=1, max_length=200)


def read_waterfall(path: Path) -> WaterfallFile:
    """Read a file; OperatorError that names what is wrong with it."""
    try:
        return WaterfallFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise _unusable(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the file"
        raise _unusable(f"{path} is no waterfall ({place}: {problem['msg']}).") from error


def write_waterfall(path: Path, configuration: WaterfallConfiguration) -> None:
    """Write a new file; OperatorError when there is one already, or it cannot be written."""
    held = WaterfallFile(version=configuration.version, fields=configuration.fields)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(held.model_dump_json(indent=2) + "\n")
    except FileExistsError as error:
        raise OperatorError(
            f"{path} is there already, and was left as it is.",
            "Give another name, or delete it first.",
            exit_code=ExitCode.REFUSED,
        ) from error
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be written: {error.strerror}.",
            "Give a place that can be written.",
            exit_code=ExitCode.REFUSED,
        ) from error


def _unusable(message: str) -> OperatorError:
    remedy = "Make such a file with: main.py waterfall export FILE"
    return OperatorError(message, remedy, exit_code=ExitCode.USAGE)
