"""The inside of a runner process: from a run's id to its exit code."""

import os
import socket

from backend.contracts.runs import DeployOptions, ExitCode, RunKind, RunState
from backend.deployment.context import RunContext
from backend.deployment.deploy_run import DeployRun
from backend.deployment.journal import Journal
from backend.deployment.journal_reader import JournalReader
from backend.deployment.rollback_run import RollbackRun
from backend.targets.port import Target


def carry_out(run_id: str, target: Target, journal: Journal, reader: JournalReader) -> int:
    """Carry out or continue the run; its exit code. A defect of ours ends in the journal, not in silence."""
    run = reader.run(run_id)
    journal.set_fact(run_id, "runner", {"process_id": os.getpid(), "host": socket.gethostname()})
    context = RunContext(
        run_id=run_id,
        target=target,
        release=run.plan.release,
        journal=journal,
        reader=reader,
        operator=run.operator,
        options=run.deploy_options or DeployOptions(),
    )
    try:
        if run.kind is RunKind.DEPLOY:
            return DeployRun(context, run).execute()
        return RollbackRun(context, run).execute()
    except Exception as error:
        text = f"The runner met an unexpected {type(error).__name__}: {error}. See runner.log of the run."
        journal.set_run(run_id, RunState.FAILED, text, exit_code=ExitCode.FAILED)
        raise


def adopt_liveness(descriptor: int) -> None:
    """Keep the inherited lock to ourselves: no child process may hold it after we are gone."""
    os.set_inheritable(descriptor, False)
