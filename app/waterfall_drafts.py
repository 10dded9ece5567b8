"""Keeps the draft of each environment's waterfall, in a file that is replaced whole."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from pydantic import ValidationError

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.contracts.waterfall import WaterfallDraft
from backend.home import Home, make_private_folder


class WaterfallDrafts:
    """Drafts by environment, below `state/drafts`."""

    def __init__(self, home: Home) -> None:
        self._folder = home.root / "state" / "drafts"

    def read(self, environment: str) -> WaterfallDraft | None:
        """The draft kept; OperatorError when its file is broken (it is left as it is)."""
        path = self._path(environment)
        try:
            return WaterfallDraft.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(f"The waterfall draft in {path} cannot be read: {error.strerror}.") from error
        except ValidationError as error:
            raise OperatorError(
                f"The waterfall draft in {path} cannot be read: {error.error_count()} things are wrong.",
                "Correct the file, or delete it to begin anew.",
                exit_code=ExitCode.REFUSED,
            ) from error

    def write(self, environment: str, draft: WaterfallDraft) -> None:
        """Keep the draft in place of the one before; OperatorError when it cannot be kept."""
        path = self._path(environment)
        fresh = path.with_name(f"{path.name}.{uuid4().hex}.new")
        try:
            make_private_folder(path.parent)
            fresh.write_text(draft.model_dump_json(indent=1), encoding="utf-8")
            fresh.replace(path)
        except OSError as error:
            with suppress(OSError):  # the error told is the first one
                fresh.unlink(missing_ok=True)
            raise _refused(f"The waterfall draft cannot be kept in {path}: {error.strerror}.") from error

    def remove(self, environment: str) -> None:
        """Forget the draft; nothing happens when there is none."""
        path = self._path(environment)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(f"The waterfall draft in {path} cannot be removed: {error.strerror}.") from error

    def _path(self, environment: str) -> Path:
        return self._folder / f"waterfall-{quote(environment, safe='')}.json"


def _refused(message: str) -> OperatorError:
    remedy = "See to the folder's permissions and the free space; what was kept before is as it was."
    return OperatorError(message, remedy, exit_code=ExitCode.REFUSED)
