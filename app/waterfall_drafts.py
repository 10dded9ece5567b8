"""Keeps the draft of each environment's waterfall, in a file that is replaced whole."""

from pathlib import Path
from urllib.parse import quote

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
        except ValidationError as error:
            raise OperatorError(
                f"The waterfall draft in {path} cannot be read: {error.error_count()} things are wrong.",
                "Correct the file, or delete it to begin anew.",
                exit_code=ExitCode.REFUSED,
            ) from error

    def write(self, environment: str, draft: WaterfallDraft) -> None:
        """Keep the draft in place of the one before."""
        path = self._path(environment)
        make_private_folder(path.parent)
        fresh = path.with_suffix(".new")
        fresh.write_text(draft.model_dump_json(indent=1))
        fresh.replace(path)

    def remove(self, environment: str) -> None:
        """Forget the draft; nothing happens when there is none."""
        self._path(environment).unlink(missing_ok=True)

    def _path(self, environment: str) -> Path:
        return self._folder / f"waterfall-{quote(environment, safe='')}.json"
