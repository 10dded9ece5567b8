"""Environments listed, added, changed, tested and removed: for the window and the command line."""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from app.environments import SANDBOX, Environments
from app.profile_files import write_profile
from backend.connection.questions import connection_test
from backend.contracts.connection import ConnectionReport
from backend.contracts.environment import Environment, Tier
from backend.contracts.errors import OperatorError
from backend.contracts.profile_form import Values, content_of, read_form, texts_of, unknown_entries
from backend.contracts.profiles import Profile, Removal
from backend.contracts.runs import ExitCode, Run
from backend.contracts.stack import ServiceState
from backend.home import Home
from backend.targets.port import Target

Guard = Callable[[Environment], None]
_RUNNING = (ServiceState.HEALTHY, ServiceState.DEGRADED, ServiceState.STARTING)


class Profiles:
    """The profiles port of the controllers, and what the command line uses."""

    def __init__(
        self,
        home: Home,
        environments: Environments,
        place: Callable[[Environment], Target],
        active_run: Callable[[str], Run | None],
        guard: Guard,
    ) -> None:
        self._home, self._environments = home, environments
        self._place, self._active_run, self._guard = place, active_run, guard

    def profiles(self) -> Sequence[Profile]:
        """All profiles, `sandbox` first, the broken ones with what is wrong."""
        return [self.profile(name) for name in self._environments.names()]

    def profile(self, name: str) -> Profile:
        """One profile; OperatorError when there is none of that name."""
        path = self._path(name)
        content = _content(path)
        known: dict[str, Any] = {
            "name": name,
            "path": str(path),
            "exists": path.exists(),
            "values": texts_of(content),
            "unknown": unknown_entries(content),
        }
        try:
            return Profile(environment=self._environments.get(name), **known)
        except OperatorError as error:
            if not path.exists():
                raise
            return Profile(environment=None, problem=error.message, remedy=error.remedy, **known)

    def save(self, name: str, values: Values, *, new: bool) -> Profile:
        """Write a profile; OperatorError when something in it is wrong, and nothing is written.

        Changing what is production now is refused while it is read-only: making it another tier would
        unlock it by the back door.
        """
        if new and (self._path(name).exists() or name == SANDBOX):
            raise OperatorError(
                f"There is an environment {name} already.", "Choose another name.", exit_code=ExitCode.USAGE
            )
        before = None if new else self.profile(name)
        environment, problems = read_form(name, values)
        if environment is None:
            told = " ".join(f"{field}: {words}" for field, words in problems.items())
            raise OperatorError(f"Nothing was written. {told}", exit_code=ExitCode.USAGE)
        if before is not None:
            self._refuse_read_only(before)
        write_profile(self._path(name), content_of(values))
        return self.profile(name)

    def removal(self, name: str) -> Removal:
        """What removing would mean, and whether it can be done now."""
        profile = self.profile(name)
        folder = self._home.environment(name).root
        stays = (str(folder),) if folder.exists() else ()
        refused = self._at_work(profile)
        running, doubt = ("", "") if refused else self._running(profile)
        return Removal(name=name, refused=refused or running, doubt=doubt, stays=stays)

    def remove(self, name: str) -> Removal:
        """Delete the profile's file, and nothing else. Refused while a run or the stack is at work."""
        removal = self.removal(name)
        if removal.refused:
            raise OperatorError(
                f"{name} was not removed: {removal.refused}.",
                "Nothing was changed.",
                exit_code=ExitCode.REFUSED,
            )
        self._refuse_read_only(self.profile(name))
        self._path(name).unlink()
        return removal

    def test(self, name: str, values: Values) -> Iterator[ConnectionReport]:
        """Test a profile as the form has it, saved or not: reports, the last one finished."""
        environment, problems = read_form(name, values)
        if environment is None:
            told = " ".join(f"{field}: {words}" for field, words in problems.items())
            raise OperatorError(f"It cannot be tested yet. {told}", exit_code=ExitCode.USAGE)
        return connection_test(environment, self._place)

    def _at_work(self, profile: Profile) -> str:
        if profile.name == SANDBOX:
            return "the sandbox is always there" + (
                "; its file can be deleted by hand" if profile.exists else ""
            )
        run = self._active_run(profile.name)
        return f"the {run.kind.value} {run.id} is {run.state.value} there" if run is not None else ""

    def _running(self, profile: Profile) -> tuple[str, str]:
        """Why it must stay, and what could not be looked at."""
        if profile.environment is None:
            return "", "its file is broken, so it cannot be seen whether its stack runs"
        try:
            services = self._place(profile.environment).services()
        except OperatorError as error:
            return "", f"it cannot be seen whether its stack runs: {error.message}"
        running = [one.name for one in services if one.process_id is not None or one.state in _RUNNING]
        return (f"its stack runs ({', '.join(running)}); stop it first" if running else ""), ""

    def _refuse_read_only(self, profile: Profile) -> None:
        """A broken profile may have been production: then its own word for it counts."""
        if profile.environment is not None:
            self._guard(profile.environment)
        elif profile.values.get("tier") == Tier.PRODUCTION:
            self._guard(Environment(name=profile.name, tier=Tier.PRODUCTION))

    def _path(self, name: str) -> Path:
        return self._home.profiles / f"{name}.toml"


def _content(path: Path) -> dict[str, Any]:
    """What the file says; nothing when it cannot be read, which is told elsewhere."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
