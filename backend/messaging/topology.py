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

QUEUES = (
    QueueSpec(ENRICHMENT_DEAD),
    QueueSpec(ENRICHMENT_REQUESTS, delivery_limit=DELIVERY_LIMIT, dead_letter_queue=ENRICHMENT_DEAD),
    QueueSpec(ENRICHMENT_OUTCOMES, delivery_limit=DELIVERY_LIMIT, dead_letter_queue=ENRICHMENT_DEAD),
)
"""In the order of declaration: a dead-letter queue before the queues that name it."""
