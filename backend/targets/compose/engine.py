"""The Docker engine that a stack runs on, asked through the docker SDK."""

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.tls import TLSConfig
from requests.exceptions import RequestException

from backend.contracts.environment import ComposeSettings
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode

_TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Image:
    """An image as the engine has it."""

    id: str
    size_bytes: int


class DockerEngine:
    """One engine: local socket, TLS or SSH. Every method raises OperatorError when it does not answer."""

    def __init__(self, settings: ComposeSettings) -> None:
        self._settings = settings

    @property
    def address(self) -> str:
        """Where it is, as a person would write it."""
        return self._settings.docker_host or "the local Docker socket (or DOCKER_HOST)"

    def versions(self) -> tuple[str, str]:
        """Version of the engine and of its API."""
        with self._asking("for its version"):
            answer = self._client.version()
        return str(answer["Version"]), str(answer["ApiVersion"])

    def container(self, name: str) -> dict[str, Any] | None:
        """What `docker inspect NAME` says; None when there is no such container."""
        with self._asking(f"about the container {name}"):
            try:
                found: dict[str, Any] = self._client.api.inspect_container(name)
            except NotFound:
                return None
        return found

    def containers(self, project: str, service: str) -> Sequence[str]:
        """Names of the containers of one service of a Compose project, running or not."""
        labels = [f"com.docker.compose.project={project}", f"com.docker.compose.service={service}"]
        with self._asking(f"for the containers of {service}"):
            found = self._client.api.containers(all=True, filters={"label": labels})
        return sorted(entry["Names"][0].lstrip("/") for entry in found)

    def image(self, reference: str) -> Image | None:
        """An image by name and tag, or by id."""
        with self._asking(f"about the image {reference}"):
            try:
                found = self._client.api.inspect_image(reference)
            except ImageNotFound:
                return None
        return Image(found["Id"], int(found["Size"]))

    def tag(self, image: str, repository: str, tag: str) -> None:
        """Give an image another name: what has a name is not pruned as dangling."""
        with self._asking(f"to tag {repository}:{tag}"):
            self._client.api.tag(image, repository, tag, force=True)

    def log(self, container: str, *, tail: int | None = None, since: float | None = None) -> Sequence[str]:
        """Lines of a container's log, each behind its time of RFC 3339; none when there is no container.

        `since` is in seconds of the epoch.
        """
        with self._asking(f"for the log of {container}"):
            try:
                raw: bytes = self._client.api.logs(
                    container,
                    timestamps=True,
                    tail="all" if tail is None else tail,
                    since=since,
                )
            except NotFound:
                return []
        return raw.decode(errors="replace").splitlines()

    @cached_property
    def _client(self) -> Any:
        host = self._settings.docker_host
        if host is None:
            return docker.from_env(timeout=_TIMEOUT_SECONDS)
        if host.startswith("ssh://") and importlib.util.find_spec("paramiko") is None:
            raise OperatorError(
                f"{host} cannot be reached: for ssh:// Docker's library wants the package paramiko, which is "
                "not installed.",
                "Install it (pip install paramiko), or forward the socket (ssh -N -L "
                "/tmp/docker.sock:/var/run/docker.sock HOST) and set docker_host = 'unix:///tmp/docker.sock'.",
                exit_code=ExitCode.REFUSED,
            )
        return docker.DockerClient(
            base_url=host, tls=self._tls(), timeout=_TIMEOUT_SECONDS, use_ssh_client=host.startswith("ssh://")
        )

    def _tls(self) -> Any:
        if self._settings.tls_folder is None:
            return False
        folder = Path(self._settings.tls_folder).expanduser()
        return TLSConfig(
            client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")),
            ca_cert=str(folder / "ca.pem"),
            verify=True,
        )

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except APIError as error:
            said = error.explanation or str(error)
            raise OperatorError(f"Docker refused when it was asked {what}: {said}", "") from error
        except (DockerException, RequestException, OSError) as error:
            raise OperatorError(
                f"No Docker engine answers at {self.address}: {_cause(error)}", _remedy(error)
            ) from error


def _cause(error: Exception) -> str:
    """The innermost error: what wraps it only says that the request failed."""
    inner: BaseException = error
    while (deeper := inner.__cause__ or inner.__context__) is not None:
        inner = deeper
    return str(inner) or type(inner).__name__


def _remedy(error: Exception) -> str:
    said = f"{error} {_cause(error)}".lower()
    if "permission denied" in said:
        return "Put your user into the group docker (and log in again), or name another Docker host."
    if "certificate" in said:
        return "Check ca.pem, cert.pem and key.pem in the folder that tls_folder names."
    return "Start Docker there, or correct docker_host in the environment's profile."
