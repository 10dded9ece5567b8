"""A Docker engine behind ssh: what ssh says when it does not come through."""

import os
import signal
import subprocess
from urllib.parse import SplitResult

from backend.connection.check import Deadline
from backend.contracts.errors import OperatorError

_LOOK_SECONDS = 0.1


def version_over_ssh(parts: SplitResult, deadline: Deadline) -> str:
    """The version of the engine at the other end. Nothing is asked: no password, no unknown host key."""
    code, output, said = run_until(_command(parts, deadline), deadline)
    if code == 0 and output.strip():
        return output.strip()
    raise _problem(said or output, str(parts.hostname))


def _command(parts: SplitResult, deadline: Deadline) -> list[str]:
    options = [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"ConnectTimeout={max(1, int(deadline.left(6)))}",
    ]
    flags = [word for option in options for word in ("-o", option)]
    if parts.port is not None:
        flags += ["-p", str(parts.port)]
    user = f"{parts.username}@" if parts.username else ""
    # After "--" nothing is an option, whatever the host is called.
    return ["ssh", *flags, "--", f"{user}{parts.hostname}", "docker version --format '{{.Server.Version}}'"]


def run_until(command: list[str], deadline: Deadline) -> tuple[int, str, str]:
    """Run a program until the deadline, then kill it with its children: code, output, errors.

    OperatorError when it does not exist or is not back in time.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise OperatorError(
            f"{command[0]} cannot be run: {(error.strerror or str(error)).lower()}", f"Install {command[0]}."
        ) from None
    while True:
        try:
            output, said = process.communicate(timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if not deadline.over and deadline.left() > _LOOK_SECONDS:
                continue
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise OperatorError(
                f"{command[0]} did not end in time", "Look whether the host is up and its load is bearable."
            ) from None
        return process.returncode, output, said


def _problem(said: str, host: str) -> OperatorError:
    text = " ".join(said.split())
    for needle, message, remedy in (
        (
            "REMOTE HOST IDENTIFICATION HAS CHANGED",
            f"the host key of {host} is another one than before",
            "Ask who runs the host. Only if it was set up anew: ssh-keygen -R, then connect once by hand.",
        ),
        (
            "Host key verification failed",
            f"the host key of {host} is not known here",
            f"Connect once by hand (ssh {host}), compare the fingerprint, accept it.",
        ),
        (
            "permission denied while trying to connect to the Docker",
            f"the user at {host} may not use Docker",
            "Let that user into the group docker there, then log in anew.",
        ),
        (
            "Permission denied",
            f"{host} does not let us in",
            "Put this user's public key into authorized_keys there, and load the key: ssh-add.",
        ),
        ("Could not resolve hostname", f"the name {host} is not known", "Correct the name."),
        ("Connection refused", f"no ssh server listens on {host}", "Correct host or port."),
        (
            "timed out",
            f"{host} does not answer",
            "Look whether the host is up and a firewall lets ssh through.",
        ),
        ("No route to host", f"there is no way to {host}", "Look at the network."),
        ("not found", f"there is no docker command on {host}", "Install Docker there."),
        ("Cannot connect to the Docker daemon", f"Docker does not run on {host}", "Start it there."),
    ):
        if needle in text:
            return OperatorError(message, remedy)
    return OperatorError(f"ssh to {host} failed: {text[-200:] or 'it said nothing'}", "Try it by hand.")
