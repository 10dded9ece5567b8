"""Stored tracks for the console and the command line."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from app.operator import operator
from app.track_files import import_file, read_tracks
from backend.clients.enrichment import EnrichmentClient
from backend.clients.json_service import WriteGuard
from backend.contracts.access import refuse_production
from backend.contracts.environment import Environment
from backend.contracts.imports import ImportReport
from backend.contracts.inspection import InspectRequest, StoredTrack, TrackInspection
from backend.contracts.replay import ReplayRun, ReplayRunRequest


class Place(Protocol):
    """What is needed of a target."""

    @property
    def environment(self) -> Environment:
        """The profile."""

    def admin_token(self) -> str:
        """Bearer token of admin calls."""


class Tracks:
    """The tracks port of the controllers, and what the command line uses."""

    def __init__(self, place: Callable[[str], Place], guard: WriteGuard = refuse_production) -> None:
        self._place = place
        self._guard = guard

    def tracks(self, environment: str, text: str, limit: int) -> Sequence[StoredTrack]:
        """Tracks whose artist, title or id contains every word of `text`, newest first."""
        return self.client(environment).tracks(text, limit)

    def inspection(self, environment: str, track_id: str) -> TrackInspection:
        """A stored track with everything behind it."""
        return self.client(environment).inspection(track_id)

    def inspect(self, environment: str, request: InspectRequest) -> TrackInspection:
        """Ask the providers now and show everything; writes nothing to Gold."""
        return self.client(environment).inspect(request)

    def check_import(self, path: str) -> ImportReport:
        """Read a CSV or JSON Lines file and say what would be queued. Queues nothing."""
        return read_tracks(Path(path)).report

    def import_file(self, environment: str, path: str) -> ImportReport:
        """Queue the good rows of a file; the bad ones are reported."""
        return import_file(self.client(environment), Path(path))

    def start_replay(self, environment: str, request: ReplayRunRequest) -> ReplayRun:
        """Queue a replay run."""
        return self.client(environment).start_replay(request)

    def replay_runs(self, environment: str, limit: int) -> Sequence[ReplayRun]:
        """Replay runs, newest first."""
        return self.client(environment).replay_runs(limit)

    def cancel_replay(self, environment: str, run_id: str) -> ReplayRun:
        """Stop a replay run; what it has promoted stays."""
        return self.client(environment).cancel_replay(run_id)

    def operator(self) -> str:
        """Who is at the console, as `user@host`."""
        return operator()

    def client(self, environment: str) -> EnrichmentClient:
        """The environment's enrichment service."""
        place = self._place(environment)
        return EnrichmentClient(place.environment, place.admin_token(), guard=self._guard)
