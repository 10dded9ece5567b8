"""Says in words what speaks for and against a candidate."""

from backend.contracts.gateway import TrackCandidate
from backend.contracts.inspection import Penalty
from backend.services.metadata_enrichment.matching.evidence import Features, Wanted, apart_ms
from backend.services.metadata_enrichment.matching.identifiers import same_isrc
from backend.services.metadata_enrichment.matching.titles import sounds_like_pretender, take_apart
from backend.services.metadata_enrichment.matching.versions import is_live_album

GATED_BY = {
    "other artist": "artist",
    "karaoke or tribute": "version",
    "other version": "version",
    "other duration": "duration",
}
"""Which piece of evidence explains a gate."""


def penalties(wanted: Wanted, candidate: TrackCandidate, features: Features) -> list[Penalty]:
    """One entry a piece of evidence, also where nothing is known."""
    words = {
        "title": _title(wanted, candidate, features),
        "artist": _artist(wanted, candidate, features),
        "version": _version(wanted, candidate),
        "duration": _duration(wanted, candidate),
        "identifier": _identifier(wanted, candidate, features),
        "album": _compared("album", wanted.album, candidate.album),
        "year": _compared("year", wanted.year, (candidate.release_date or "")[:4]),
        "label": _label(wanted, candidate),
    }
    return [
        Penalty(name=name, weight=getattr(features, name), explanation=text) for name, text in words.items()
    ]


def _title(wanted: Wanted, candidate: TrackCandidate, features: Features) -> str:
    asked, offered = take_apart(wanted.title).work, take_apart(candidate.title, candidate.version).work
    if features.title_similarity >= 1:
        return f"the same name: {offered}"
    return f"{offered} is {features.title_similarity:.0%} like {asked}"


def _artist(wanted: Wanted, candidate: TrackCandidate, features: Features) -> str:
    credited = ", ".join(candidate.artists)
    if features.artist_similarity >= 1:
        return f"the same artists: {credited}"
    return f"{credited} agrees with {wanted.artist} by {features.artist_similarity:.0%}"


def _version(wanted: Wanted, candidate: TrackCandidate) -> str:
    if pretender := _pretender(wanted, candidate):
        return f"sounds like karaoke or a tribute: {pretender}"
    asked = take_apart(wanted.title).version
    offered = take_apart(candidate.title, candidate.version).version
    if is_live_album(candidate.album or "") and not offered.kinds:
        return f"asked for: {asked}; offered: on the live album {candidate.album}"
    return f"both: {asked}" if asked == offered else f"asked for: {asked}; offered: {offered}"


def _pretender(wanted: Wanted, candidate: TrackCandidate) -> str:
    if sounds_like_pretender(wanted.title, wanted.artist):
        return ""
    told = (candidate.title, candidate.version, candidate.album, *candidate.artists)
    return next((text for text in told if text and sounds_like_pretender(text)), "")


def _duration(wanted: Wanted, candidate: TrackCandidate) -> str:
    apart = apart_ms(wanted.duration_ms, candidate.duration_ms)
    if apart is None or not wanted.duration_ms or not candidate.duration_ms:
        return "a duration is not known"
    offered, asked = candidate.duration_ms / 1000, wanted.duration_ms / 1000
    return f"{offered:.1f} s and {asked:.1f} s, {apart / 1000:.1f} s apart"


def _identifier(wanted: Wanted, candidate: TrackCandidate, features: Features) -> str:
    if not wanted.isrc or not candidate.isrc:
        return "an ISRC is not known"
    if not same_isrc(wanted.isrc, candidate.isrc):
        return f"another ISRC ({candidate.isrc}), which says nothing: a recording may have several"
    if not features.identifier:
        return f"the same ISRC {candidate.isrc}, but neither title nor duration agrees"
    return f"the same ISRC {candidate.isrc}"


def _label(wanted: Wanted, candidate: TrackCandidate) -> str:
    if wanted.catalogue_number and candidate.catalogue_number:
        return _compared("catalogue number", wanted.catalogue_number, candidate.catalogue_number)
    return _compared("label", wanted.label, candidate.label)


def _compared(name: str, wanted: object, offered: object) -> str:
    if not wanted or not offered:
        return f"{name}: not known of both"
    return f"{name}: {offered}; wanted: {wanted}"
