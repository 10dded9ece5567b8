"""The Compose command line: `docker compose`, or `docker-compose` of 1.29 where that is what there is."""

import os
import shlex
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from backend.contracts.environment import ComposeSettings
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.targets.port import Output

BUILD_SECONDS = 1800.0
"""How long a build may take."""
COMMAND_SECONDS = 300.0
"""How long any other command may take; containers have stop grace periods of up to 150 s."""

_PASSED_ON = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")
_PASSED_ON_PREFIXES = ("DOCKER_", "BUILDKIT_", "BUILDX_")
_CAUSE_LINES = 5


class ComposeCommand:
    """Runs Compose for one project. `folder` has docker-compose.yml and .env."""

    def __init__(self, settings: ComposeSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder

    @cached_property
    def form(self) -> tuple[str, ...]:
        """The words that start Compose here. Raises OperatorError, exit code "refused", without any."""
        for words in (("docker", "compose"), ("docker-compose",)):
            if shutil.which(words[0]) and self._answer([*words, "version", "--short"]):
                return words
        raise OperatorError(
            "Neither `docker compose` nor `docker-compose` is installed.",
            "Install Docker's Compose plugin (2.x), or docker-compose 1.29 or newer.",
            exit_code=ExitCode.REFUSED,
        )

    def version(self) -> str:
        """Version of Compose, such as `2.26.1`."""
        return self._answer([*self.form, "version", "--short"]).removeprefix("v")

    def problem_of_file(self) -> str:
        """What is wrong with docker-compose.yml or .env; empty when Compose accepts them."""
        done = subprocess.run(
            self._words(["config", "--quiet"]), cwd=self._folder, env=self.environment({}),
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        return "" if done.returncode == 0 else _last(done.stderr.splitlines())

    def run(
        self,
        arguments: Sequence[str],
        output: Output,
        *,
        variables: Mapping[str, str] | None = None,
        file: Path | None = None,
        seconds: float = COMMAND_SECONDS,
    ) -> None:
        """Run one command and pass its lines on.

        `variables` win over those in .env; `file` stands in for docker-compose.yml. Raises OperatorError with
        the last of what it said when it fails or takes longer than `seconds`.
        """
        words = self._words(arguments, file)
        output("$", self.line(arguments))
        process = subprocess.Popen(
            words, cwd=self._folder, env=self.environment(variables or {}), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
        code, said, late = _follow(process, output, seconds)
        if late:
            cause = f"it did not end within {seconds:.0f} s"
        elif code == 0:
            return
        else:
            cause = " / ".join(said) or f"it ended with code {code}"
        raise OperatorError(f"`{self.line(arguments)}` failed: {cause}")

    def line(self, arguments: Sequence[str]) -> str:
        """What a person would type in the project's folder for the same."""
        return shlex.join(["docker", "compose", *arguments])

    def _words(self, arguments: Sequence[str], file: Path | None = None) -> list[str]:
        project = ["--project-name", self._settings.project, "--project-directory", str(self._folder)]
        chosen = ["--file", str(file or self._folder / "docker-compose.yml")]
        profile = ["--profile", "simulated"] if self._settings.simulated else []
        return [*self.form, *project, *chosen, *profile, *arguments]

    def _answer(self, words: Sequence[str]) -> str:
        done = subprocess.run(
            words, env=self.environment({}), capture_output=True, text=True, check=False, timeout=30
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The variables of a process that is to use this engine.

        Little of our own: a variable that happens to be set here would win over the stack's .env.
        """
        kept = {n: v for n, v in os.environ.items() if n in _PASSED_ON or n.startswith(_PASSED_ON_PREFIXES)}
        host = {"DOCKER_HOST": self._settings.docker_host} if self._settings.docker_host else {}
        folder = self._settings.tls_folder
        tls = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(Path(folder).expanduser())} if folder else {}
        plain = {"BUILDKIT_PROGRESS": "plain", "COMPOSE_ANSI": "never", "COMPOSE_DOCKER_CLI_BUILD": "1"}
        return {**kept, **plain, **host, **tls, **variables}


def _follow(process: "subprocess.Popen[str]", output: Output, seconds: float) -> tuple[int, list[str], bool]:
    """Pass lines on until it ends; its code, its last lines, and whether it was ended for being late."""
    late = threading.Event()
    timer = threading.Timer(seconds, _end, (process, late))
    timer.start()
    said: deque[str] = deque(maxlen=_CAUSE_LINES)
    with process:
        try:
            for line in process.stdout or ():
                if text := line.rstrip():
                    said.append(text.strip())
                    output("compose", text)
            return process.wait(), list(said), late.is_set()
        finally:
            timer.cancel()
            process.kill()


def _end(process: "subprocess.Popen[str]", late: threading.Event) -> None:
    late.set()
    process.kill()


def _last(lines: Sequence[str]) -> str:
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else "no reason given"
