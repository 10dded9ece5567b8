"""What one field comes to for every track of an evidence set, in a compact form."""

from array import array
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from backend.contracts.waterfall import OnDisagreement, WaterfallField
from backend.services.metadata_enrichment.replay.evidence_set import EvidenceSet, TrackEvidence
from backend.services.metadata_enrichment.replay.memo import Memo
from backend.services.metadata_enrichment.replay.providers import ProviderBits
from backend.services.metadata_enrichment.waterfall.evidence import MATCHED
from backend.services.metadata_enrichment.waterfall.walk import walk

NO_VALUE = 0
"""In `Column.positions`: no source gives a value."""
UNJUDGED = -1
"""In `Column.positions`: a source must be asked of which nothing is stored."""
TRACKS_BETWEEN_CHECKS = 250
"""About a millisecond of work."""
_CELLS_KEPT = 2_000_000
"""Pairs of track and field whose outcome is kept, 50 bytes each at most."""
_COLUMNS_KEPT = 64
"""However many tracks there are: two configurations and what was dragged lately."""

Check = Callable[[], None]
"""Called every few tracks; may raise to stop the work."""


class _Lead(NamedTuple):
    """The first source of a field that takes the first value sure enough."""

    position: int
    provider: str
    reliability: float
    min_confidence: float
    bit: int


class Column:
    """The walk of one field over every track; the index is the track's slot."""

    def __init__(self, field: WaterfallField, held: EvidenceSet, bits: ProviderBits) -> None:
        self.field = field
        self.positions = array("h")
        """Place of the source that gives the value, from 1; else NO_VALUE or UNJUDGED."""
        self.confidences = array("d")
        """Of that value; 0 without one."""
        self.values: list[Any] = []
        self.asked: list[int] = []
        """Bits of the sources that the walk asks."""
        self.looked_up: list[int] = []
        """Bits of those of them whose record of the track it needs besides."""
        self.revision = object()
        """Another one whenever anything above has changed."""
        self._held = held
        self._bits = bits
        self._lead = _lead(field, bits)
        self._passed = _passed(field, bits)
        self._seen = 0

    def update(self, check: Check) -> None:
        """Walk the tracks that are new or changed since the last time."""
        held = self._held
        self._grow(len(held.tracks) - len(self.positions))
        changed = dict.fromkeys(held.changes[self._seen :])
        if changed:
            self.revision = object()
        for count, slot in enumerate(changed):
            if count % TRACKS_BETWEEN_CHECKS == 0:
                check()
            self._walk(slot, held.tracks[slot])
        self._seen = len(held.changes)

    def _grow(self, more: int) -> None:
        self.positions.extend([UNJUDGED] * more)
        self.confidences.extend([0.0] * more)
        self.values.extend([None] * more)
        self.asked.extend([0] * more)
        self.looked_up.extend([0] * more)

    def _walk(self, slot: int, track: TrackEvidence) -> None:
        if self._lead is not None and self._is_settled_by(self._lead, slot, track):
            return
        result = walk(self.field, track.sources)
        winner = result.winner
        if winner is None:
            self.positions[slot] = UNJUDGED if result.needs else NO_VALUE
            self.confidences[slot], self.values[slot] = 0.0, None
        else:
            self.positions[slot] = winner.position
            self.confidences[slot], self.values[slot] = winner.confidence or 0.0, winner.value
        if result.needs or self.field.field in self._held.lookup_fields:
            self.asked[slot], self.looked_up[slot] = self._bits.of(result, track.sources)
        else:
            self.asked[slot] = self._passed[result.steps[-1].position] if result.steps else 0
            self.looked_up[slot] = 0

    def _is_settled_by(self, lead: _Lead, slot: int, track: TrackEvidence) -> bool:
        """The walk without its steps, where it ends at the first source at once: as most walks do."""
        name, source = self.field.field, track.sources.get(lead.provider)
        if source is None or source.verdict != MATCHED:
            return False
        value = source.values.get(name)
        confidence = (source.match_probability or 0.0) * lead.reliability
        if value is None or confidence < lead.min_confidence or name in source.unasked_fields:
            return False
        self.positions[slot], self.confidences[slot], self.values[slot] = lead.position, confidence, value
        self.asked[slot] = lead.bit
        self.looked_up[slot] = lead.bit if name in source.lookup_fields else 0
        return True


class Columns:
    """The columns of one evidence set, those used last kept: a drag walks the dragged field alone."""

    def __init__(self, held: EvidenceSet) -> None:
        self.held = held
        self.bits = ProviderBits()
        self.memo = Memo()
        self._columns: OrderedDict[object, Column] = OrderedDict()

    def of(self, field: WaterfallField, check: Check) -> Column:
        """The field's column, up to date."""
        key = _key(field)
        column = self._columns.pop(key, None) or Column(field, self.held, self.bits)
        self._columns[key] = column
        column.update(check)
        return column

    def trim(self) -> None:
        """Let go what was not used for the longest time, beyond the bound."""
        most = max(_COLUMNS_KEPT, _CELLS_KEPT // max(1, len(self.held.tracks)))
        while len(self._columns) > most:
            self._columns.popitem(last=False)


def _lead(field: WaterfallField, bits: ProviderBits) -> _Lead | None:
    if field.on_disagreement is not OnDisagreement.FIRST:
        return None
    enabled = ((place, step) for place, step in enumerate(field.sources, start=1) if step.enabled)
    for place, step in enabled:
        bit = bits.bit(step.provider)
        return _Lead(place, step.provider, step.reliability, step.min_confidence, bit)
    return None


def _passed(field: WaterfallField, bits: ProviderBits) -> list[int]:
    """By place, the bits of the enabled sources up to that one: a walk asks them in order."""
    passed = [0]
    for step in field.sources:
        passed.append(passed[-1] | (bits.bit(step.provider) if step.enabled else 0))
    return passed


def _key(field: WaterfallField) -> object:
    """All that the walk depends on."""
    sources = tuple(
        (step.provider, step.enabled, step.min_confidence, step.reliability) for step in field.sources
    )
    return field.field, field.when_unavailable, field.on_disagreement, sources
