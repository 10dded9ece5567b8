"""Circuit breakers: the machine, and how replicas share it."""
