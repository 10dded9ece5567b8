"""Enriches one track: request in, Bronze, providers, Silver and Gold, answer out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.enrichment import EnrichmentStatus, EnrichRequest, EnrichResponse
from backend.contracts.gateway import Lane
from backend.messaging.port import Broker, Message
from backend.services.metadata_enrichment.configuration.errors import ConfigurationError
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.layers.gold import GoldTrack
from backend.services.metadata_enrichment.layers.messages import AlreadyFinishedError
from backend.services.metadata_enrichment.layers.records import Closing, Opened, Records
from backend.services.metadata_enrichment.service_metrics import EnrichmentMetrics
from backend.services.metadata_enrichment.waterfall.resolution import resolve
from backend.services.metadata_enrichment.work.failures import (
    EnrichmentError,
    Origin,
    bury,
    held_back,
    nobody_answered,
)
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
from backend.services.metadata_enrichment.work.gathering import Gathered, Gathering
from backend.services.metadata_enrichment.work.track_locks import TrackLocks

_log = structlog.get_logger()
_DATABASE_ERRORS = (psycopg.Error, PoolTimeout, PoolClosed)


@dataclass
class _Course:
    """What is known of one enrichment while it goes on."""

    request: EnrichRequest
    opened: Opened
    origin: Origin
    lane: Lane
    gathered: Gathered | None = None
    is_recorded: bool = False


class Enricher:
    """The service's work; one for the process."""

    def __init__(
        self,
        records: Records,
        gateway: GatewayClient,
        configuration: ConfigurationHolder,
        broker: Broker,
        metrics: EnrichmentMetrics,
        locks: TrackLocks,
    ) -> None:
        self._records = records
        self._gateway = gateway
        self._configuration = configuration
        self._broker = broker
        self._metrics = metrics
        self._locks = locks

    async def enrich(
        self, request: EnrichRequest, *, source: str, message: Message | None = None, may_wait: bool = False
    ) -> EnrichResponse:
        """Enrich a track. A failure is an answer too, and its request then lies in the dead-letter queue.

        `message` is the one it came with, none for a direct call; one that was finished before is answered
        without asking anybody. With `may_wait` a failure that will pass is a HeldBackError instead.
        BrokerError when the enrichment failed and the dead letter could not be handed over. In both cases
        nothing keeps the request, the caller must.
        """
        course = _begin(request, message)
        try:
            answer = await self._process(course, source)
        except AlreadyFinishedError:
            answer = await self._process(course, source)  # finds what the other one wrote
        except Exception as error:
            if may_wait and (later := held_back(error)) is not None:
                raise later from error
            answer = await self._fail(course, error)
        self._metrics.count_end(answer.status.value, answer.duration_seconds)
        _log.info(
            "track_enriched",
            track_id=request.track_id,
            status=answer.status.value,
            sources=answer.sources_used,
            correlation_id=answer.correlation_id,
            milliseconds=round(answer.duration_seconds * 1000, 1),
        )
        return answer

    async def _process(self, course: _Course, source: str) -> EnrichResponse:
        keep_days = await self._keep_days()
        begun = await self._records.open(course.opened, course.request, source, keep_days)
        course.opened = replace(course.opened, request_id=begun.request_id)
        course.is_recorded = True
        if begun.status is None:
            async with self._locks.held(course.request.track_id):
                begun = await self._records.settle(course.opened, course.request, keep_days)
                if begun.status is None:
                    return await self._ask_and_write(course, begun.known_ids)
        errors: tuple[str, ...] = ()
        if begun.failure is not None:
            # Its worker may have died before the dead letter was on its way; sent twice it is still one.
            await self._bury(course, EnrichmentError(*begun.failure))
            errors = (begun.failure[1],)
        return _answer(course, begun.status, begun.track, errors, begun.dead_letter_id)

    async def _keep_days(self) -> dict[str, int]:
        """For how long each field's value is good. Without a configuration nothing in Gold is too old."""
        try:
            configuration = await self._configuration.current()
        except ConfigurationError:
            return {}
        return {field.field: field.keep_days for field in configuration.fields if field.keep_days}

    async def _ask_and_write(self, course: _Course, known_ids: Mapping[str, str]) -> EnrichResponse:
        configuration = await self._configuration.current()
        trace = course.opened.correlation_id
        gateway = self._gateway.in_lane(course.lane)
        gathered = await Gathering(gateway, configuration, course.request, trace, known_ids).run()
        course.gathered = gathered
        self._metrics.count_calls(gathered)
        if gathered.nobody_answered:
            raise nobody_answered(gathered)
        resolution = resolve(configuration, gathered.evidence)
        self._metrics.count_steps(resolution)
        errors = gathered.complaints
        closing = Closing(
            EnrichmentStatus.PARTIAL,
            course.opened.milliseconds,
            tuple(resolution.sources_used),
            errors,
            configuration.version,
        )
        track = await self._records.complete(course.opened, course.request, gathered, resolution, closing)
        status = EnrichmentStatus.COMPLETED if track.is_complete else EnrichmentStatus.PARTIAL
        return _answer(course, status, track, errors)

    async def _fail(self, course: _Course, error: Exception) -> EnrichResponse:
        unexpected = None if isinstance(error, EnrichmentError) else error
        _log.warning(
            "enrichment_failed", track_id=course.request.track_id, reason=str(error), exc_info=unexpected
        )
        error_type = error.error_type if isinstance(error, EnrichmentError) else type(error).__name__
        closing = Closing(
            EnrichmentStatus.FAILED,
            course.opened.milliseconds,
            errors=(str(error),),
            error_type=error_type,
            dead_letter_id=course.origin.dead_letter_id,
        )
        # A message is delivered again until both are done, and its row says whose word counts. A direct call
        # is kept by its dead letter alone.
        if course.opened.message_key is not None:
            await self._record_failure(course, closing)
            await self._bury(course, error)
        else:
            await self._bury(course, error)
            await self._record_failure(course, closing)
        return _answer(course, EnrichmentStatus.FAILED, None, (str(error),), closing.dead_letter_id)

    async def _bury(self, course: _Course, error: Exception) -> None:
        metadata = {"track_id": course.request.track_id, "request_id": str(course.opened.request_id)}
        await bury(self._broker, course.origin, error, metadata)
        self._metrics.dead_letters.inc()

    async def _record_failure(self, course: _Course, closing: Closing) -> None:
        """Silver may have to wait for the database: the dead letter does not."""
        if not course.is_recorded:
            return
        try:
            await self._records.fail(course.opened, course.request, course.gathered, closing)
        except _DATABASE_ERRORS as error:
            _log.error("failure_not_recorded", request_id=str(course.opened.request_id), exc_info=error)


def _begin(request: EnrichRequest, message: Message | None) -> _Course:
    request_id = uuid4()
    correlation = request.correlation_id or (message.correlation_id if message else None) or str(request_id)
    traced = request.model_copy(update={"correlation_id": correlation})
    lane = Lane.INTERACTIVE if message is None else Lane.BULK  # whoever queues it does not wait for it
    if message is None:
        body = traced.model_dump_json().encode()
        message = Message(message_id=str(request_id), body=body, correlation_id=correlation)
    origin = Origin(message)
    opened = Opened(request_id, correlation, time.monotonic(), origin.key if lane is Lane.BULK else None)
    return _Course(traced, opened, origin, lane)


def _answer(
    course: _Course,
    status: EnrichmentStatus,
    track: GoldTrack | None,
    errors: tuple[str, ...] = (),
    dead_letter: str | None = None,
) -> EnrichResponse:
    provenance = dict(track.provenance) if track else {}
    return EnrichResponse(
        track_id=course.request.track_id,
        status=status,
        request_id=str(course.opened.request_id),
        correlation_id=course.opened.correlation_id,
        sources_used=list(track.sources) if track else [],
        metadata_acquired=dict(track.values) if track else {},
        provenance=provenance,
        errors=list(errors),
        duration_seconds=round(course.opened.milliseconds / 1000, 4),
        cached=status is EnrichmentStatus.CACHED,
        dead_letter_id=dead_letter,
        timestamp=datetime.now(UTC),
    )
