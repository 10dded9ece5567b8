"""Enriching a track: calls, judgement, result, and what happens when it fails."""
