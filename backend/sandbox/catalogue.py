"""The practice catalogue: recordings, and the traps that stand beside well-known ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from backend.sandbox.chance import between, fraction, mbid, number

CATALOGUE_FILE = Path(__file__).resolve().parents[2] / "resources" / "catalogue" / "tracks.jsonl"


class CatalogueLine(BaseModel):
    """One line of `tracks.jsonl`; `resources/catalogue/README.md` explains the fields."""

    model_config = ConfigDict(extra="forbid")

    artist: str = Field(min_length=1)
    featured: tuple[str, ...]
    title: str = Field(min_length=1)
    version: str | None
    album: str = Field(min_length=1)
    label: str
    release_date: str = Field(pattern=r"^\d{4}(-\d{2}-\d{2})?$")
    duration_ms: int = Field(gt=10_000)
    bpm: float = Field(ge=40, le=220)
    key: str
    genre: str
    style: str


@dataclass(frozen=True)
class Recording:
    """A recording, before any provider's view of it. Durations in milliseconds."""

    artist: str
    featured: tuple[str, ...]
    title: str
    version: str | None
    album: str
    label: str
    release_date: str
    duration_ms: int
    bpm: float
    key: str
    genre: str
    style: str
    is_trap: bool = False

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells this recording from all others."""
        return (self.artist, self.title, self.version or "")

    @property
    def artists(self) -> tuple[str, ...]:
        """Main artist, then guests."""
        return (self.artist, *self.featured)

    @property
    def year(self) -> str:
        """Year of the first release."""
        return self.release_date[:4]

    @cached_property
    def isrc(self) -> str:
        """A made-up ISRC. `ZZ` is a user-assigned country code, so it can be nobody's."""
        return f"ZZSN1{self.year[2:]}{number('isrc', *self.identity) % 100_000:05d}"

    @cached_property
    def mbid(self) -> str:
        """A made-up MusicBrainz recording identifier."""
        return mbid("recording", *self.identity)

    @cached_property
    def release_mbid(self) -> str:
        """A made-up MusicBrainz release identifier, the same for all tracks of an album."""
        return mbid("release", self.artist, self.album)

    @cached_property
    def popularity(self) -> int:
        """0 to 100. A version is a little less known than its original, a trap much less."""
        original = between(38, 92, "popularity", self.artist, self.title)
        if self.is_trap:
            return original // 3
        return original if self.version is None else original - between(3, 18, "version", *self.identity)


def load_catalogue(file: Path = CATALOGUE_FILE) -> tuple[Recording, ...]:
    """Read the recordings of a catalogue file; ValueError names the line that is wrong."""
    recordings = []
    with file.open(encoding="utf-8") as lines:
        for position, line in enumerate(lines, start=1):
            try:
                recordings.append(Recording(**CatalogueLine.model_validate_json(line).model_dump()))
            except ValueError as error:
                raise ValueError(f"{file.name}, line {position}: {error}") from error
    return tuple(recordings)


def with_traps(recordings: Sequence[Recording]) -> tuple[Recording, ...]:
    """The recordings, and karaoke and tribute versions of the well-known originals among them.

    Matchers that look at the title alone fall for these: the reason they exist at the real providers too.
    """
    return (*recordings, *_traps(recordings))


def _traps(recordings: Sequence[Recording]) -> Iterator[Recording]:
    for recording in recordings:
        if recording.version is not None or recording.popularity < 70:
            continue
        if fraction("karaoke", *recording.identity) < 0.6:
            title = f"{recording.title} (Originally Performed by {recording.artist})"
            yield _trap(recording, "Studio Karaoke Collection", title, "Karaoke Version")
        if fraction("tribute", *recording.identity) < 0.4:
            yield _trap(
                recording, "The Piano Tribute Room", recording.title, f"Tribute to {recording.artist}"
            )


def _trap(recording: Recording, artist: str, title: str, version: str) -> Recording:
    drift = between(-9_000, 9_000, "trap", artist, *recording.identity)
    return replace(
        recording,
        artist=artist,
        featured=(),
        title=title,
        version=version,
        album=f"Hits of {recording.year}, Vol. {between(1, 9, artist, recording.title)}",
        label="Backing Track House",
        release_date=str(int(recording.year) + 3),
        duration_ms=recording.duration_ms + drift,
        genre="Pop",
        style="Karaoke" if "Karaoke" in version else "Easy Listening",
        is_trap=True,
    )
