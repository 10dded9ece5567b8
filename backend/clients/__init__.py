"""Typed HTTP clients of the services. Synchronous, for the engine and the console's background thread."""
