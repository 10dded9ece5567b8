"""Starts runner processes: they belong to nobody's window and outlive whoever started them."""

import getpass
import os
import secrets
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from backend.contracts.errors import OperatorError
from backend.contracts.runs import DeployOptions, ExitCode, Plan, RollbackOptions, RunState
from backend.deployment import liveness
from backend.deployment.journal import Journal, now
from backend.deployment.journal_reader import JournalReader
from backend.home import Home


def operator_name() -> str:
    """Who works at this console."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


class Launcher:
    """Writes a run into the journal and starts its runner.

    `command` starts a runner when the run's id and a file descriptor number are added to it.
    """

    def __init__(self, home: Home, journal: Journal, reader: JournalReader, command: Sequence[str]) -> None:
        self._home = home
        self._journal = journal
        self._reader = reader
        self._command = tuple(command)

    def start(
        self,
        plan: Plan,
        options: DeployOptions | RollbackOptions,
        *,
        parent: str | None = None,
        release_before: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> str:
        """Start a run; its id."""
        run_id = f"{now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        descriptor = liveness.take(self._home.run_folder(run_id))
        try:
            self._journal.create_run(
                run_id,
                plan,
                options,
                operator=operator_name(),
                host=socket.gethostname(),
                parent=parent,
                release_before=release_before,
            )
            for key, value in (facts or {}).items():
                self._journal.set_fact(run_id, key, value)
            self._spawn(run_id, descriptor)
        finally:
            os.close(descriptor)
        return run_id

    def resume(self, run_id: str) -> None:
        """Start a new runner for an interrupted run. OperatorError when the run is not interrupted."""
        run = self._reader.run(run_id)
        if run.state is not RunState.INTERRUPTED:
            raise OperatorError(
                f"The run {run_id} is {run.state.value}; only an interrupted run can be continued.",
                "Start a new deployment or rollback instead.",
                exit_code=ExitCode.REFUSED,
            )
        try:
            descriptor = liveness.take(self._home.run_folder(run_id))
        except liveness.RunnerAliveError:
            raise OperatorError(
                f"Somebody else already continues the run {run_id}.", f"Follow it: main.py runs show {run_id}"
            ) from None
        try:
            self._spawn(run_id, descriptor)
        finally:
            os.close(descriptor)

    def _spawn(self, run_id: str, descriptor: int) -> None:
        log = self._home.run_folder(run_id) / "runner.log"
        with log.open("ab") as stream:
            process = subprocess.Popen(
                [*self._command, run_id, str(descriptor)],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                pass_fds=(descriptor,),
                start_new_session=True,
                env={**os.environ, "SONGNODES_HOME": str(self._home.root)},
            )
        threading.Thread(target=process.wait, name=f"reap {run_id}", daemon=True).start()
