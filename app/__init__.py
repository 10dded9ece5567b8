"""The composition root: start-up, wiring, environments, secrets, settings and the command line."""
