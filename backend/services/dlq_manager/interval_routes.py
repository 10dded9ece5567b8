"""The endpoint through which the deployment engine says when it was at work."""

from fastapi import APIRouter, Depends
from pydantic import SecretStr

from backend.contracts.dead_letter_views import Interval, IntervalKind, IntervalReport, IntervalsKept
from backend.services.common.auth import bearer_guard
from backend.services.dlq_manager.answering import answering
from backend.services.dlq_manager.interval_store import IntervalStore
from backend.services.dlq_manager.refusals import RefusedError


def interval_router(store: IntervalStore, admin_token: SecretStr | None) -> APIRouter:
    """`POST /dlq/intervals`: safe to send again, as often as it takes."""
    router = APIRouter(
        prefix="/dlq", tags=["dead letters"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    @router.post("/intervals")
    async def keep(body: IntervalReport) -> IntervalsKept:
        async with answering():
            for interval in body.intervals:
                _check(interval)
            await store.keep(body.intervals)
        return IntervalsKept(kept=len(body.intervals))

    return router


def _check(interval: Interval) -> None:
    if interval.kind is not IntervalKind.DEPLOYMENT:
        raise RefusedError("Only deployments are reported; breakers and quotas are watched by the manager.")
    if interval.ended_at is not None and interval.ended_at < interval.started_at:
        raise RefusedError(f"The interval {interval.source_key[:100]} ends before it begins.")
