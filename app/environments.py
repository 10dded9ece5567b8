"""Environment profiles as TOML files. `sandbox` exists without a file."""

import tomllib
from pathlib import Path

import tomlkit
from pydantic import ValidationError

from backend.contracts.environment import Environment, ProviderMode, TargetKind, Tier
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.home import Home, make_private_folder

SANDBOX = "sandbox"


class Environments:
    """Reads and changes the profiles in the configuration folder."""

    def __init__(self, home: Home) -> None:
        self._folder = home.profiles

    def names(self) -> list[str]:
        """All names, `sandbox` first."""
        found = sorted(path.stem for path in self._folder.glob("*.toml"))
        return [SANDBOX, *(name for name in found if name != SANDBOX)]

    def get(self, name: str) -> Environment:
        """One profile; OperatorError naming the file and the entry when it is broken."""
        path = self._path(name)
        if not path.exists():
            if name == SANDBOX:
                return Environment(name=SANDBOX, kind=TargetKind.LOCAL, tier=Tier.DEV)
            raise OperatorError(
                f"There is no environment {name}.",
                f"Known are: {', '.join(self.names())}. Add one as {path}.",
                exit_code=ExitCode.USAGE,
            )
        return _parse(path, name)

    def usable(self) -> list[Environment]:
        """Every profile that can be read. Raises OperatorError when the sandbox's own is broken."""
        broken = self.broken()
        return [self.get(name) for name in self.names() if name not in broken]

    def broken(self) -> dict[str, OperatorError]:
        """The profiles other than the sandbox's that cannot be read, and why."""
        found = {}
        for name in self.names()[1:]:
            try:
                self.get(name)
            except OperatorError as error:
                found[name] = error
        return found

    def set_provider_mode(self, name: str, provider: str, mode: ProviderMode) -> None:
        """Change where a provider's calls go, keeping the file's comments and order."""
        path = self._path(name)
        if path.exists():
            _parse(path, name)
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        providers = document.setdefault("providers", tomlkit.table())
        providers[provider] = mode.value
        make_private_folder(path.parent)
        fresh = path.with_suffix(".new")
        fresh.write_text(tomlkit.dumps(document), encoding="utf-8")
        _parse(fresh, name)
        fresh.replace(path)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.toml"


def _parse(path: Path, name: str) -> Environment:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return Environment.model_validate({"name": name, **content})
    except tomllib.TOMLDecodeError as error:
        cause = f"it is not valid TOML: {error}"
    except ValidationError as error:
        cause = "; ".join(
            f"{'.'.join(str(part) for part in e['loc']) or 'the profile'}: {e['msg']}" for e in error.errors()
        )
    except UnicodeDecodeError as error:
        cause = f"it is not UTF-8 text: byte {error.start + 1} does not belong there"
    except OSError as error:
        cause = f"it cannot be read: {error.strerror}"
    raise OperatorError(
        f"The profile of the environment {name} is broken: {cause}.",
        f"Correct {path} and try again. Nothing was changed.",
        exit_code=ExitCode.REFUSED,
    )
