"""Puts the parts together. Everything that needs another part gets it from here."""

import sys
from pathlib import Path

from app.access_port import Access
from app.dead_letters_port import DeadLetters
from app.environments import Environments
from app.profiles_port import Profiles
from app.providers_port import Providers
from app.runs import Runs
from app.stack import Stack
from app.tracks_port import Tracks
from app.waterfall_port import Waterfall
from app.write_access import WriteAccess
from backend.contracts.environment import Environment, TargetKind
from backend.deployment.journal import Journal
from backend.deployment.journal_reader import JournalReader
from backend.deployment.launcher import Launcher
from backend.home import Home
from backend.targets.compose.target import ComposeTarget
from backend.targets.local import LocalTarget
from backend.targets.port import Target

SOURCE = Path(__file__).resolve().parents[1]
"""The source tree that this program runs from, and that releases are made of."""


class Composition:
    """The parts of one console or one command."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.environments = Environments(home)
        self.write_access = WriteAccess(home)
        self.journal = Journal(home.journal)
        self.reader = JournalReader(home)
        runner = [sys.executable, str(SOURCE / "main.py"), "runner"]
        self.launcher = Launcher(home, self.journal, self.reader, runner)

    def target(self, name: str) -> Target:
        """The place where an environment's stack runs."""
        return self.place(self.environments.get(name))

    def place(self, environment: Environment) -> Target:
        """The same of a profile that need not be saved."""
        name = environment.name
        if environment.kind is TargetKind.COMPOSE:
            return ComposeTarget(environment, self.home.environment(environment.name), SOURCE)
        return LocalTarget(environment, self.home.environment(name), SOURCE)

    def runs(self) -> Runs:
        """Plans, starts and follows runs."""
        return Runs(self.target, self.reader, self.journal, self.launcher, self.write_access.guard)

    def stack(self) -> Stack:
        """Looks at stacks, starts and stops them."""
        return Stack(self.environments, self.target, self.reader, self.write_access.guard)

    def providers(self) -> Providers:
        """Looks at the gateway's providers."""
        return Providers(self.target, self.write_access.guard)

    def waterfall(self) -> Waterfall:
        """The waterfall configuration and its draft."""
        return Waterfall(self.target, self.home, self.write_access.guard)

    def tracks(self) -> Tracks:
        """Stored tracks."""
        return Tracks(self.target, self.write_access.guard)

    def dead_letters(self) -> DeadLetters:
        """Dead letters, seen and acted on."""
        return DeadLetters(self.target, self.write_access.guard)

    def access(self) -> Access:
        """Whether production may be changed from here."""
        return Access(self.environments, self.write_access)

    def profiles(self) -> Profiles:
        """Environments listed, added, changed, tested and removed."""
        return Profiles(
            self.home, self.environments, self.place, self.reader.active_run, self.write_access.guard
        )
