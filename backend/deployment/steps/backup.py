"""Step 2: a backup of the database that has been restored once, so that it is known to work."""

from backend.contracts.runs import Backup, ProbeState
from backend.deployment import playbook
from backend.deployment.context import Probe, RunContext, StepReport

LABEL = "pre_deploy"


class BackupStep:
    """Dumps the database and proves the dump by restoring it into a scratch database."""

    key = playbook.BACKUP

    def act(self, context: RunContext, report: StepReport) -> str:
        """Make a backup, or keep the one that this run made before it was interrupted."""
        backup = self._own(context)
        if backup is None:
            report.checking("created")
            backup = context.target.backups().create(
                LABEL, context.run_id, lambda line: report.output("backup", line)
            )
        context.journal.set_fact(context.run_id, "backup", backup.path)
        report.met("created", backup.path)
        report.met("verified", f"restored into a scratch database, {backup.rows or 0:,} rows agree")
        return f"{_size(backup.size_bytes)} · restore verified"

    def probe(self, context: RunContext) -> Probe:
        """Whether this run's verified backup is in the folder."""
        backup = self._own(context)
        if backup is None:
            return Probe(ProbeState.ABSENT, "no verified backup of this run")
        return Probe(ProbeState.DONE, f"{backup.path}, verified")

    def _own(self, context: RunContext) -> Backup | None:
        made = context.target.backups().list()
        return next((b for b in made if b.run == context.run_id and b.verified), None)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
