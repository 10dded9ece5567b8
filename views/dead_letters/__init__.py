"""The dead-letter screen."""
