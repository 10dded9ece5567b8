"""Whether this machine has a Compose that is new enough, and in which form."""

from collections.abc import Sequence

from packaging.version import InvalidVersion, Version

from backend.connection.check import Deadline, failed, met
from backend.connection.docker_ssh import run_until
from backend.contracts.errors import OperatorError
from backend.contracts.runs import Finding

KEY, TITLE = "compose", "Docker Compose"
OLDEST = Version("1.29")
_FORMS = (("docker", "compose"), ("docker-compose",))


def check_compose(deadline: Deadline) -> Sequence[Finding]:
    """`docker compose` before `docker-compose`: the first that answers."""
    for form in _FORMS:
        version = _version([*form, "version", "--short"], deadline)
        if version is None:
            continue
        command = " ".join(form)
        if version < OLDEST:
            remedy = f"Update it to {OLDEST} or newer."
            return [failed(KEY, TITLE, f"{command} {version} is too old", remedy)]
        return [met(KEY, TITLE, f"{command} {version}")]
    return [
        failed(
            KEY, TITLE, "neither docker compose nor docker-compose is here",
            "Install the Compose plugin of Docker on this machine.",
        )
    ]  # fmt: skip


def _version(command: list[str], deadline: Deadline) -> Version | None:
    try:
        code, output, _said = run_until(command, deadline)
        return Version(output.strip().removeprefix("v")) if code == 0 else None
    except (OperatorError, InvalidVersion):
        return None
