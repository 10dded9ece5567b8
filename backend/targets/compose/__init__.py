"""The Compose target: the stack as containers of a Docker engine."""
