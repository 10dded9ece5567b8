"""The environment editor."""
