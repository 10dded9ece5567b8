"""Every Prometheus series of the gateway: the reference's where it has one, and ours.

Label values come from small fixed sets: the providers, the classes of endpoints, the statuses of requests and
the outcomes of calls.
"""

PREFIX = "api_gateway_"
_PROVIDER = ("provider",)
_CALL = ("provider", "endpoint")

COUNTERS = {
    "requests": ("Requests by how they ended.", (*_CALL, "status")),
    "call_outcomes": ("Calls to providers by how they ended.", (*_PROVIDER, "outcome")),
    "cache_hits": ("Answers from the cache.", _PROVIDER),
    "cache_misses": ("Answers not in the cache.", _PROVIDER),
    "circuit_breaker_failures": ("Failed calls.", _PROVIDER),
    "circuit_breaker_opens": ("Times a breaker opened.", _PROVIDER),
    "circuit_breaker_rejections": ("Calls that a breaker refused.", _PROVIDER),
    "retry_attempts": ("Calls tried again, by why.", (*_PROVIDER, "error_type")),
    "retry_success": ("Calls tried again that were answered.", _PROVIDER),
    "retry_failures": ("Calls tried again in vain.", _PROVIDER),
    "rate_limit_requests": ("Calls let through the gate.", _PROVIDER),
}
GAUGES = {
    "circuit_breaker_state": ("The worst breaker: 0 closed, 1 half-open, 2 open.", _PROVIDER),
    "circuit_breaker_endpoint_state": ("0 closed, 1 half-open, 2 open.", _CALL),
    "circuit_breaker_forced": ("Whether an operator has a breaker in hand.", _PROVIDER),
    "rate_limit_tokens": ("Calls that could be made at once.", _PROVIDER),
    "rate_limit_token_bucket_fill_ratio": ("Share of the limit that is left.", _PROVIDER),
    "rate_limit_exhaustion_predicted_seconds": (
        "Seconds until the limit is used up at the last minute's rate; -1: not at this rate.",
        _PROVIDER,
    ),
    "records_dropped": ("Records lost: the queue was full.", ()),
    "records_waiting": ("Records not yet in the database.", ()),
}
HISTOGRAMS = {
    "request_duration_seconds": (
        "Seconds provider calls took.",
        _CALL,
        (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    ),
    "cache_operation_seconds": (
        "Seconds of reading (get) and writing (set) answers in Redis.",
        (*_PROVIDER, "operation"),
        (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
    ),
    "rate_limit_wait_seconds": ("Seconds waited at the gate.", _PROVIDER, (0.01, 0.1, 0.5, 1, 5, 10, 30, 60)),
}
