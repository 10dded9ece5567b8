"""What the operator chose for the console itself, in one small file that is replaced whole."""

import json
from typing import Literal, cast, get_args

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.home import Home, make_private_folder

Theme = Literal["dark", "light", "system"]


class ConsoleSettings:
    """Reads and writes `config/settings.json`."""

    def __init__(self, home: Home) -> None:
        self._file = home.config / "settings.json"

    def theme(self) -> Theme:
        """The theme chosen; `system` when nothing was."""
        chosen = self._read().get("theme", "system")
        return cast("Theme", chosen) if chosen in get_args(Theme) else "system"

    def set_theme(self, theme: str) -> None:
        """Keep the theme."""
        if theme not in get_args(Theme):
            raise OperatorError(f"There is no theme {theme}.", f"Choose one of {', '.join(get_args(Theme))}.")
        make_private_folder(self._file.parent)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps({**self._read(), "theme": theme}, indent=2))
        fresh.replace(self._file)

    def _read(self) -> dict[str, str]:
        try:
            content = json.loads(self._file.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise OperatorError(
                f"The settings file {self._file} is broken: {error}.",
                "Correct or delete it; only the theme is kept there.",
                exit_code=ExitCode.REFUSED,
            ) from error
        return content if isinstance(content, dict) else {}
