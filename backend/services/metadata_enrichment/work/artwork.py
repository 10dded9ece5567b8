"""The Cover Art Archive, which has pictures of MusicBrainz releases and knows nothing else about them."""

from dataclasses import replace

from backend.contracts.gateway import Outcome
from backend.services.metadata_enrichment.matching.selection import Selection, Verdict
from backend.services.metadata_enrichment.work.answers import Answer
from backend.services.metadata_enrichment.work.provider_ways import ARTWORK_ARCHIVE


def release_of(selection: Selection) -> str | None:
    """The release that the recording found at MusicBrainz is on."""
    return selection.chosen.candidate.release_id if selection.chosen else None


def without_release(source: Answer) -> Answer:
    """What stands for the answer of the archive when there is no release to ask it about.

    A passing trouble of MusicBrainz is one of the archive's, too.
    """
    if source.was_answered:
        detail = "MusicBrainz names no release of this track"
        return Answer(ARTWORK_ARCHIVE, "track", Outcome.NOT_FOUND, detail=detail)
    detail = f"it needs a release from MusicBrainz ({source.complaint})"
    return Answer(ARTWORK_ARCHIVE, "track", source.outcome, detail=detail)


def judged(answer: Answer, release_source: Selection) -> Selection:
    """The pictures are as sure as the recording whose release they belong to."""
    chosen, release = release_source.chosen, release_of(release_source)
    found = next((one for one in answer.candidates if one.provider_id == release), None)
    if chosen is None or found is None:
        return Selection((), None, "the pictures are of another release")
    judgement = replace(chosen, candidate=found, wanted=None)
    return Selection((judgement,), judgement, verdict=Verdict.MATCHED)
