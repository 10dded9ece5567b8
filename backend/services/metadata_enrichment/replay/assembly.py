"""Puts the parts of replay together."""

from dataclasses import dataclass

from fastapi import APIRouter
from pydantic import SecretStr

from backend.http import httpx
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.configuration.versions import Versions
from backend.services.metadata_enrichment.replay.evidence_store import EvidenceStore
from backend.services.metadata_enrichment.replay.limits import ProviderLimits
from backend.services.metadata_enrichment.replay.preview_routes import preview_router
from backend.services.metadata_enrichment.replay.previews import Previews
from backend.services.metadata_enrichment.replay.run_routes import run_router
from backend.services.metadata_enrichment.replay.run_rows import ReplayRuns
from backend.services.metadata_enrichment.replay.runner import ReplayRunner
from backend.services.metadata_enrichment.replay.versions import ReplayVersions


@dataclass(frozen=True)
class Replay:
    """Its endpoints, and the runner, whose `run` is background work."""

    router: APIRouter
    runner: ReplayRunner


def assemble_replay(
    pool: Pool, gateway: httpx.AsyncClient, holder: ConfigurationHolder, admin_token: SecretStr | None
) -> Replay:
    """The parts; nothing is read yet. `gateway` is asked for the providers' limits alone."""
    versions = ReplayVersions(holder, Versions(pool))
    runner = ReplayRunner(pool, versions)
    previews = Previews(EvidenceStore(pool), ProviderLimits(gateway), versions.get)
    router = APIRouter()
    router.include_router(preview_router(previews, admin_token))
    router.include_router(run_router(ReplayRuns(pool), runner, versions, admin_token))
    return Replay(router, runner)
