"""The queues of the system."""

from backend.messaging.port import QueueSpec

ENRICHMENT_REQUESTS = "enrichment.requests"
"""Tracks to be enriched: `EnrichRequest` as JSON. Consumed by metadata-enrichment."""

ENRICHMENT_DEAD = "enrichment.dead"
"""Requests that failed, bytes unchanged, with a `FailureReport` in the headers. Consumed by dlq-manager."""

ENRICHMENT_OUTCOMES = "enrichment.outcomes"
"""What became of replayed dead letters: `ReplayOutcome` as JSON. Consumed by dlq-manager."""

DELIVERY_LIMIT = 20
"""The default of RabbitMQ 4's quorum queues, so that both adapters behave alike."""

LEASE_SECONDS = 15.0
"""How long the work of a consumer that died waits for another one."""

QUEUES = (
    QueueSpec(ENRICHMENT_DEAD, lease_seconds=LEASE_SECONDS),
    QueueSpec(ENRICHMENT_REQUESTS, DELIVERY_LIMIT, ENRICHMENT_DEAD, LEASE_SECONDS),
    QueueSpec(ENRICHMENT_OUTCOMES, DELIVERY_LIMIT, ENRICHMENT_DEAD, LEASE_SECONDS),
)
"""In the order of declaration: a dead-letter queue before the queues that name it."""
