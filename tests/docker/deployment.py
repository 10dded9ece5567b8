"""A Compose environment of a test's own: a copy of the source, a profile, the real commands."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from app.composition import SOURCE, Composition
from backend.home import Home
from backend.http import httpx
from backend.targets.compose.names import RELEASE_VARIABLES, repository
from backend.targets.compose.target import ComposeTarget
from backend.targets.compose.variables import StackVariables
from tests.fixtures.docker_engine import DockerEngine
from tests.fixtures.postgres import free_port

NAME = "box"
_PORTS = (
    "gateway",
    "enrichment",
    "dlq_manager",
    "postgres",
    "simulator",
    "prometheus",
    "alertmanager",
    "grafana",
)


@dataclass(frozen=True)
class ComposeEnvironment:
    """The environment `box` in `home`; its containers are made from the copy in `source`."""

    engine: DockerEngine
    home: Home
    source: Path
    ports: dict[str, int]

    @classmethod
    def new(cls, engine: DockerEngine, folder: Path, grafana: str) -> "ComposeEnvironment":
        """On free ports, every provider simulated, watched by the Grafana at `grafana`."""
        source = folder / "source"
        subprocess.run(["git", "clone", "--quiet", "--local", str(SOURCE), str(source)], check=True)
        _copy_changes(source)
        ports = {name: free_port() for name in _PORTS}
        made = cls(engine, Home(folder / "home"), source, ports)
        made._write_profile(grafana)
        example = StackVariables(source / ".env", source / ".env.example")
        example.put({"BUILD_IMAGE": engine.environment["BUILD_IMAGE"]})
        return made

    @property
    def target(self) -> ComposeTarget:
        """The place where the stack runs."""
        target = Composition(self.home).target(NAME)
        assert isinstance(target, ComposeTarget)
        return target

    def command(self, *words: str, seconds: float = 400) -> "subprocess.CompletedProcess[str]":
        """Run a command as a user would."""
        return subprocess.run(
            [sys.executable, str(SOURCE / "main.py"), *words, "--environment", NAME],
            capture_output=True, text=True, check=False, timeout=seconds, stdin=subprocess.DEVNULL,
            env={**self.engine.environment, "SONGNODES_HOME": str(self.home.root)},
        )  # fmt: skip

    def deploy(self) -> "subprocess.CompletedProcess[str]":
        """A whole deployment."""
        return self.command("deploy", "--yes")

    def running_images(self) -> dict[str, str]:
        """The id of the image that each service's container runs."""
        found = {}
        for service in RELEASE_VARIABLES:
            done = self.engine.run("docker", "inspect", "--format", "{{.Image}}", service, check=False)
            if done.returncode == 0:
                found[service] = done.stdout.strip()
        return found

    def image_of(self, service: str, release: str) -> str:
        """The id that a tag names now."""
        done = self.engine.run("docker", "inspect", "--format", "{{.Id}}", f"{repository(service)}:{release}")
        return done.stdout.strip()

    def url(self, port: str, path: str) -> str:
        """An address at a published port, such as `gateway`."""
        return f"http://127.0.0.1:{self.ports[port]}{path}"

    def change(self, path: str, text: str) -> None:
        """Append to a file of the source."""
        with (self.source / path).open("a", encoding="utf-8") as stream:
            stream.write(text)

    def restore(self, path: str) -> None:
        """Take every change of a file back."""
        text = (SOURCE / path).read_text(encoding="utf-8")
        (self.source / path).write_text(text, encoding="utf-8")

    def remove(self) -> None:
        """Containers and volumes; the images go with the engine."""
        words = ("docker", "compose", "--project-name", NAME, "--profile", "simulated", "down", "--volumes")
        self.engine.run(*words, "--timeout", "5", folder=self.source, check=False)

    def _write_profile(self, grafana: str) -> None:
        ports = "\n".join(f"{name} = {port}" for name, port in self.ports.items())
        self.home.profiles.mkdir(parents=True)
        (self.home.profiles / f"{NAME}.toml").write_text(
            f'name = "{NAME}"\nkind = "compose"\ngrafana_url = "{grafana}"\n[ports]\n{ports}\n[compose]\n'
            f'docker_host = "{self.engine.address}"\nproject = "{NAME}"\n'
            f"folder = {json.dumps(str(self.source))}\nsimulated = true\n"
        )


@dataclass
class Probe:
    """Asks one address ten times a second; what it saw is there after the `with` block."""

    url: str
    asked: int = 0
    failed: int = 0
    longest_gap: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Probe":
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join(20)

    def __str__(self) -> str:
        return f"{self.asked} asked, {self.failed} failed, longest gap {self.longest_gap:.1f} s"

    def _ask(self) -> None:
        last_good = time.monotonic()
        with httpx.Client(timeout=2, trust_env=False) as client:
            while not self._stop.wait(0.1):
                self.asked += 1
                good = _answers(client, self.url)
                now = time.monotonic()
                self.longest_gap = max(self.longest_gap, now - last_good)
                self.failed += not good
                last_good = now if good else last_good


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def _copy_changes(source: Path) -> None:
    """What is not committed yet counts too."""
    listed = subprocess.run(
        ["git", "-C", str(SOURCE), "ls-files", "--modified", "--others", "--exclude-standard"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        there = SOURCE / name
        if there.is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(there.read_bytes())
            (source / name).chmod(there.stat().st_mode)
