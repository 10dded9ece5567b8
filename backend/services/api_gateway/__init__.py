"""The API gateway: one door to all providers, with cache, rate gate and circuit breaker in front of each."""
