"""The commands a person would type for the steps of a rollback, asked of the target."""

from collections.abc import Mapping

from backend.contracts.environment import SERVICES
from backend.contracts.runs import RollbackOptions
from backend.deployment.rollback_basis import RollbackBasis
from backend.deployment.rollback_texts import touches_services
from backend.targets.port import Target

Services = Mapping[str, str | None]


def services_moved(target: Target, options: RollbackOptions, basis: RollbackBasis | None) -> Services:
    """The services that are stopped, with the release each starts from afterwards (None: it stays stopped).

    Swapping a backup in stops all of them; those that are not taken back go on with the release they run.
    """
    returning = basis.services_before if basis is not None and touches_services(options) else {}
    if not options.backup:
        return returning
    running = {s.name: s.release for s in target.services() if s.name in SERVICES and s.release}
    return {**running, **returning}
