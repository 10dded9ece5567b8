"""What a rollback is to take back, and how far."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.contracts.runs import RollbackOptions
from backend.database.migrations.runner import MigrationRunner
from backend.deployment.rollback_basis import RollbackBasis
from backend.deployment.rollback_texts import stops_first, touches_database, touches_services
from backend.deployment.steps.migrate import medallion_runner
from backend.targets.port import Target


@dataclass(frozen=True)
class RollbackTask:
    """What is to be taken back, and how far."""

    options: RollbackOptions
    basis: RollbackBasis | None

    @property
    def services_after(self) -> Mapping[str, str | None]:
        """The release that each service shall run afterwards; None for stopped."""
        if not touches_services(self.options):
            return {}
        return self.basis.services_before if self.basis else {}

    @property
    def stops_first(self) -> bool:
        """Whether every service has to be down before the next step."""
        return stops_first(self.options, self.basis)

    def migration_runner(self, target: Target) -> MigrationRunner:
        """A runner on the files that the deployment came with: the source tree may have moved on."""
        return medallion_runner(target, self.basis.release if self.basis else "")

    @property
    def migrations_to_revert(self) -> tuple[str, ...]:
        """The migrations that shall be gone afterwards."""
        if self.basis is None or self.options.backup or not touches_database(self.options):
            return ()
        return self.basis.migrations
