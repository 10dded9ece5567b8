"""The waterfall editor."""
