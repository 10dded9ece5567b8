"""Programs that run on after their supervisor was killed: found by the mark it gave them, and ended."""

import shlex
import signal
import time
from collections.abc import Mapping

from backend.contracts.errors import OperatorError
from backend.targets import processes
from backend.targets.port import Output
from backend.targets.processes import Process
from backend.targets.supervisor import ProcessState, Supervisor

WITHOUT_SUPERVISOR = "running without its supervisor"
_SUPERVISOR_SECONDS = 90
_KILL_SECONDS = 10


class Orphans:
    """The programs of `supervisor` that run while it does not answer."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._files = supervisor.files

    def find(self) -> Mapping[str, Process]:
        """Program names with their processes; empty while the supervisor answers, or without /proc."""
        if not self._files.pid_file.exists() or self._supervisor.is_running():
            return {}  # it ended in order and left nothing, or it answers
        named = {p.process_id: (self._name(p), p) for p in processes.everyone()}
        # Children of a program carry its mark too: only the outermost process is the program.
        return {
            name: process
            for name, process in named.values()
            if name is not None and named.get(process.parent, (None, process))[0] != name
        }

    def states(self) -> Mapping[str, ProcessState]:
        """The orphans in the supervisor's words."""
        return {
            name: ProcessState(name, "RUNNING", p.process_id, p.started_at(), WITHOUT_SUPERVISOR)
            for name, p in self.find().items()
        }

    def end(self, output: Output) -> bool:
        """End them in the reverse of their order, each as its configuration says; whether anything was told.

        A supervisor that is alive but cannot be reached, its socket being lost, ends its programs itself.
        """
        if not self._files.pid_file.exists() or self._supervisor.is_running():
            return False
        if not processes.can_look():
            output("supervisor", "the supervisor was killed; this system does not tell what it left running")
            return True
        ended = self._end_unreachable_supervisor(output)
        orphans = self.find()
        for name, options in reversed(self._files.programs().items()):
            if name in orphans:
                _end(orphans[name], options)
                output("supervisor", f"{name}: was {WITHOUT_SUPERVISOR}, now stopped")
        self._files.remove_remains()
        return ended or bool(orphans)

    def _name(self, process: Process) -> str | None:
        """The program that the process is or belongs to; None when it is none of ours."""
        variables = process.variables()
        if variables is None:
            return self._name_by_command(process)
        if variables.get("SUPERVISOR_SERVER_URL") != f"unix://{self._files.socket()}":
            return None
        return variables.get("SUPERVISOR_PROCESS_NAME")

    def _name_by_command(self, process: Process) -> str | None:
        """For a server under another account, whose variables may be hidden: its command is not."""
        command, home = process.command(), str(self._files.config_file.parent.parent)
        if not any(home in part for part in command):
            return None
        for name, options in self._files.programs().items():
            configured = shlex.split(options["command"].replace("%%", "%"))
            # What stands before it in the configuration changed the account and was replaced by it.
            if configured[-len(command) :] == command:
                return name
        return None

    def _end_unreachable_supervisor(self, output: Output) -> bool:
        process = self._unreachable_supervisor()
        if process is None:
            return False
        output("supervisor", "the supervisor runs but cannot be reached; it is ended")
        process.send(signal.SIGTERM)
        if not _gone(process, _SUPERVISOR_SECONDS):
            raise OperatorError(
                f"The supervisor (process {process.process_id}) cannot be reached and does not end.",
                f"Read {self._files.log_file}; end it by hand, then try again.",
            )
        return True

    def _unreachable_supervisor(self) -> Process | None:
        try:
            process = processes.find(int(self._files.pid_file.read_text()))
        except (FileNotFoundError, ValueError):
            return None
        if process is None or str(self._files.config_file) not in process.command():
            return None
        return process if process.is_alive() else None


def _end(process: Process, options: Mapping[str, str]) -> None:
    process.send(signal.Signals[f"SIG{options['stopsignal']}"])
    if _gone(process, float(options["stopwaitsecs"])):
        return
    process.send(signal.SIGKILL)
    if not _gone(process, _KILL_SECONDS):
        raise OperatorError(
            f"Process {process.process_id} does not end, not even when it is killed.",
            "It may wait for a disk that does not answer. Look at the machine, then try again.",
        )


def _gone(process: Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while process.is_alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
