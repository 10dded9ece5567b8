"""Which of several values is taken when all sources of a field are heard."""

from collections.abc import Sequence

from backend.services.metadata_enrichment.waterfall.agreement import agree
from backend.services.metadata_enrichment.waterfall.steps import StepResult

_FED_BY_LABELS = frozenset({"spotify", "deezer", "itunes"})
_OF_METABRAINZ = frozenset({"musicbrainz", "listenbrainz", "coverartarchive"})
_MEASURED = frozenset({"bpm", "musical_key", "energy", "danceability", "valence"})


def surest(steps: Sequence[StepResult]) -> StepResult:
    """The step with the highest confidence; of equally sure ones the first."""
    return max(steps, key=lambda step: step.confidence or 0.0)


def majority(steps: Sequence[StepResult]) -> StepResult:
    """The first step whose value most independent sources give; the order decides a tie."""
    camps: list[list[StepResult]] = []
    for step in steps:
        camp = next((one for one in camps if agree(step.field, one[0].value, step.value)), None)
        if camp is None:
            camps.append([step])
        else:
            camp.append(step)
    return max(camps, key=_voices)[0]


def voice(field: str, provider: str) -> str:
    """Whose voice a source is; sources with the same one are not independent of each other.

    Labels deliver the same data to Spotify, Deezer and iTunes; tempo and key are each one's own measurement.
    ListenBrainz and the Cover Art Archive speak about MusicBrainz' data.
    """
    if provider in _FED_BY_LABELS and field not in _MEASURED:
        return "labels"
    return "metabrainz" if provider in _OF_METABRAINZ else provider


def _voices(camp: Sequence[StepResult]) -> int:
    return len({voice(step.field, step.provider) for step in camp})
