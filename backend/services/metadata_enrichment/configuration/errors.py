"""What can be wrong with a configuration, or with a change of it."""

from collections.abc import Sequence

from backend.contracts.waterfall import WaterfallConfiguration, WaterfallProblem


class ConfigurationError(Exception):
    """The configuration in the database cannot be used, or cannot be read."""


class UnusableVersionError(ConfigurationError):
    """The version put in force last cannot be walked."""


class VersionConflictError(Exception):
    """Another version is in force than the change was made from."""

    def __init__(self, in_force: WaterfallConfiguration) -> None:
        super().__init__(f"version {in_force.version} is in force")
        self.in_force = in_force


class UnusableChangeError(Exception):
    """The change breaks the rules; at least one problem."""

    def __init__(self, problems: Sequence[WaterfallProblem]) -> None:
        super().__init__(problems[0].problem)
        self.problems = list(problems)
