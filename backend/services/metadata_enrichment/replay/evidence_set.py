"""What the sources had for the newest tracks, kept in memory and kept fresh."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence


class TrackEvidence(NamedTuple):
    """A track with the newest evidence of each source, of requests with the names that Gold was made for."""

    track_id: str
    artist_name: str
    track_title: str
    sources: dict[str, SourceEvidence]
    received_at: datetime
    """Of the newest of `sources`."""
    requests: dict[str, UUID]
    """The request that each source's evidence comes from; empty where it was not asked for."""


Searches = tuple[tuple[str, int], ...]
"""By source, the calls that were made to it besides the look-up of its record."""


class EvidenceSet:
    """At most `capacity` tracks; a newer one takes the slot of the oldest.

    Tracks keep their slot, so that what was computed for a slot stays right until the slot changes: `changes`
    names the slots in the order in which they changed.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.tracks: list[TrackEvidence] = []
        self.searches: list[Searches] = []
        """By slot, as `tracks`."""
        self.changes: list[int] = []
        self.lookup_fields: set[str] = set()
        """The fields that any source's record was looked up for."""
        self.responses = 0
        """Evidence rows held."""
        self.evidence_until: datetime | None = None
        """Received time of the newest one."""
        self._slots: dict[str, int] = {}
        """By track, the one whose evidence is oldest first."""
        self._same: dict[Searches, Searches] = {}
        """One object for equal ones: thousands of tracks share few of them."""

    def put(self, tracks: Iterable[TrackEvidence]) -> None:
        """Take up tracks, each newer than all before it; a track that is held already is replaced."""
        for track in tracks:
            slot = self._free_slot(track.track_id)
            self.responses += len(track.sources) - len(self.tracks[slot].sources)
            self.tracks[slot], self.searches[slot] = track, self._searches_of(track)
            self._slots[track.track_id] = slot
            self.changes.append(slot)
            if self.evidence_until is None or track.received_at > self.evidence_until:
                self.evidence_until = track.received_at

    def newest_first(self) -> Iterable[int]:
        """The slots, that of the track with the newest evidence first."""
        return reversed(self._slots.values())

    def _free_slot(self, track_id: str) -> int:
        slot = self._slots.pop(track_id, None)
        if slot is not None:
            return slot
        if len(self.tracks) >= self.capacity:
            return self._slots.pop(next(iter(self._slots)))
        self.tracks.append(_NOTHING)
        self.searches.append(())
        return len(self.tracks) - 1

    def _searches_of(self, track: TrackEvidence) -> Searches:
        searches = tuple(
            (source.provider, source.calls - bool(source.lookup_fields)) for source in track.sources.values()
        )
        for source in track.sources.values():
            if source.lookup_fields:
                self.lookup_fields |= source.lookup_fields
        return self._same.setdefault(searches, searches)


_NOTHING = TrackEvidence("", "", "", {}, datetime.min, {})  # noqa: DTZ901 - never compared
