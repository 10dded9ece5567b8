"""Tracks as providers describe them, for the tests of matching and waterfall."""

from typing import Any

from backend.contracts.gateway import TrackCandidate


def candidate(title: str, *artists: str, provider: str = "spotify", **more: Any) -> TrackCandidate:
    """A candidate; its id is its title unless given."""
    more.setdefault("provider_id", f"{provider}:{title}:{'/'.join(artists)}")
    return TrackCandidate(provider=provider, title=title, artists=list(artists), **more)
