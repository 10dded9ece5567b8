"""Whether a Docker engine answers on a socket or an address, and is new enough."""

import http.client
import json
import os
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from packaging.version import InvalidVersion, Version

from backend.connection.check import Deadline, failed, finding, met
from backend.connection.docker_ssh import version_over_ssh
from backend.connection.docker_tls import certificate_refused, tls_context, tls_problem
from backend.contracts.environment import ComposeSettings
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding

KEY, TITLE = "docker", "Docker engine"
OLDEST = Version("20.10")
LOCAL_SOCKET = "unix:///var/run/docker.sock"
_CONNECT_SECONDS = 5.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def check_engine(settings: ComposeSettings, deadline: Deadline) -> Sequence[Finding]:
    """Reach the engine and read its version."""
    address = settings.docker_host or os.environ.get("DOCKER_HOST") or LOCAL_SOCKET
    parts = urlsplit(address)
    try:
        version = _version(parts, settings.tls_folder, deadline)
    except OperatorError as error:
        return [failed(KEY, TITLE, error.message, error.remedy)]
    return [_judged(version, address), *_doubts(parts, settings.tls_folder)]


def _version(parts: SplitResult, tls_folder: str | None, deadline: Deadline) -> str:
    if parts.scheme == "ssh":
        return version_over_ssh(parts, deadline)
    if parts.scheme == "unix":
        return _asked(_unix_socket(parts.path, deadline), "localhost", parts.path)
    where = f"{parts.hostname}:{parts.port}"
    context = None if tls_folder is None else tls_context(Path(tls_folder).expanduser())
    connection = _tcp_socket(str(parts.hostname), parts.port or 2375, deadline)
    if context is None:
        return _asked(connection, where, where)
    try:
        secured = context.wrap_socket(connection, server_hostname=parts.hostname)
    except OSError as error:
        connection.close()
        raise tls_problem(error, where) from None
    return _asked(secured, where, where)


def _unix_socket(path: str, deadline: Deadline) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(deadline.left(_CONNECT_SECONDS))
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise _unix_problem(error, path) from None
    return connection


def _unix_problem(error: OSError, path: str) -> OperatorError:
    match error:
        case PermissionError():
            return OperatorError(
                f"no permission to use the socket {path}",
                "Let this user into the group docker (sudo usermod -aG docker $USER), then log in again.",
            )
        case FileNotFoundError():
            return OperatorError(
                f"there is no socket {path}",
                "Start Docker (sudo systemctl start docker), or correct the path.",
            )
        case ConnectionRefusedError():
            return OperatorError(
                f"nothing listens on the socket {path}", "Start Docker: sudo systemctl start docker"
            )
        case TimeoutError():
            return OperatorError(f"the socket {path} takes no connection in time", "Restart Docker.")
    return OperatorError(f"the socket {path} cannot be used: {error.strerror or error}", "Correct the path.")


def _tcp_socket(host: str, port: int, deadline: Deadline) -> socket.socket:
    where = f"{host}:{port}"
    try:
        return socket.create_connection((host, port), timeout=deadline.left(_CONNECT_SECONDS))
    except socket.gaierror:
        raise OperatorError(f"the name {host} is not known", "Correct the name, or use an address.") from None
    except ConnectionRefusedError:
        raise OperatorError(
            f"{where} refuses the connection: nothing listens there",
            "Start Docker there, let it listen on this port, or correct the port.",
        ) from None
    except TimeoutError:
        raise OperatorError(
            f"{where} does not answer", "Look whether the host is up and a firewall lets the port through."
        ) from None
    except OSError as error:
        raise OperatorError(
            f"{where} cannot be reached: {error.strerror or error}",
            "Correct the address; look at the network.",
        ) from None


def _asked(connection: socket.socket, host: str, where: str) -> str:
    """GET /version on an open connection, which is closed."""
    client = http.client.HTTPConnection("localhost")
    client.sock = connection
    try:
        client.request("GET", "/version", headers={"Host": host})
        answer = client.getresponse()
        return _version_in(answer.read(65536), where)
    except TimeoutError:
        raise OperatorError(
            f"{where} takes the connection and then says nothing",
            "What listens there is no Docker engine, or it hangs: look with docker version.",
        ) from None
    except (ConnectionError, ssl.SSLEOFError):
        if isinstance(connection, ssl.SSLSocket):
            raise certificate_refused(where) from None
        raise OperatorError(
            f"{where} closed the connection without an answer",
            "If the engine expects TLS, name the folder with ca.pem, cert.pem and key.pem.",
        ) from None
    except http.client.HTTPException:
        raise _foreign(where) from None
    except OSError as error:
        raise tls_problem(error, where) from None
    finally:
        client.close()
        connection.close()


def _version_in(body: bytes, where: str) -> str:
    if b"HTTP request to an HTTPS server" in body:
        raise OperatorError(
            f"the engine on {where} expects TLS", "Name the folder with ca.pem, cert.pem and key.pem."
        )
    try:
        return str(json.loads(body)["Version"])
    except (ValueError, KeyError, TypeError):
        raise _foreign(where) from None


def _foreign(where: str) -> OperatorError:
    return OperatorError(f"what answers on {where} is no Docker engine", "Correct the address or the port.")


def _judged(version: str, address: str) -> Finding:
    try:
        old = Version(version.split("-", maxsplit=1)[0].split("+", maxsplit=1)[0]) < OLDEST
    except InvalidVersion:
        evidence = f"an engine answers, but its version {version!r} cannot be read"
        return finding(KEY, TITLE, CriterionState.WARNING, evidence)
    if old:
        remedy = f"Update Docker there to {OLDEST} or newer."
        return failed(KEY, TITLE, f"version {version} on {address} is too old", remedy)
    return met(KEY, TITLE, f"version {version} on {address}")


def _doubts(parts: SplitResult, tls_folder: str | None) -> list[Finding]:
    if parts.scheme != "tcp" or tls_folder is not None or parts.hostname in _LOOPBACK:
        return []
    return [
        finding(
            "docker-encryption",
            "Encryption to the engine",
            CriterionState.WARNING,
            "none: whoever reaches the port owns that machine",
            "Use ssh://, or TLS with a client certificate.",
        )
    ]
