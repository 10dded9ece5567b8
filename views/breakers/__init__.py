"""The circuit-breaker screen."""
