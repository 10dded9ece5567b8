"""The catalogue: real facts, made-up identifiers, traps."""

from pathlib import Path

import pytest

from backend.sandbox.catalogue import Recording, load_catalogue, with_traps
from backend.sandbox.providers import beatport, deezer, discogs, itunes, lastfm, musicbrainz, spotify


def test_has_hundreds_of_recordings_and_no_two_the_same(recordings: tuple[Recording, ...]) -> None:
    assert len([r for r in recordings if r.version is None]) >= 300
    for what in ("identity", "isrc", "mbid"):
        values = [getattr(recording, what) for recording in recordings]
        assert len(set(values)) == len(values), what


def test_strobe_is_there_with_its_real_data_and_its_radio_edit(recordings: tuple[Recording, ...]) -> None:
    versions = {r.version: r for r in recordings if (r.artist, r.title) == ("deadmau5", "Strobe")}
    strobe = versions[None]
    assert (strobe.album, strobe.year, strobe.label) == ("For Lack of a Better Name", "2009", "mau5trap")
    assert (strobe.bpm, strobe.duration_ms) == (128, 637_000)
    assert versions["Radio Edit"].duration_ms < 300_000


def test_strobe_is_at_every_provider_with_a_tempo_at_deezer(recordings: tuple[Recording, ...]) -> None:
    def is_strobe(recording: Recording) -> bool:
        return recording.identity == ("deadmau5", "Strobe", "")

    assert any(is_strobe(entry.recording) for entry in musicbrainz.entries(recordings))
    assert any(is_strobe(edition.recording) for edition in spotify.editions(recordings))
    assert any(is_strobe(track) for release in discogs.releases(recordings) for track in release.tracks)
    assert [e.bpm > 0 for e in deezer.editions(recordings) if is_strobe(e.recording)] == [True]


def test_identifiers_cannot_be_taken_for_real_ones_and_never_change(
    recordings: tuple[Recording, ...],
) -> None:
    assert all(recording.isrc.startswith("ZZ") and len(recording.isrc) == 12 for recording in recordings)
    strobe = next(r for r in recordings if r.identity == ("deadmau5", "Strobe", ""))
    assert (strobe.isrc, strobe.mbid) == ("ZZSN10936232", "6cc05a3e-d65b-5f6c-8333-d4cc700786d7")


def test_providers_differ_believably(recordings: tuple[Recording, ...]) -> None:
    everything = with_traps(recordings)
    at_deezer, at_spotify = deezer.editions(everything), spotify.editions(everything)
    assert 0 < len(everything) - len(at_deezer) < 0.15 * len(everything)
    assert 0 < len(everything) - len(at_spotify) < 0.15 * len(everything)
    unknown_tempo = [edition for edition in at_deezer if edition.bpm == 0]
    assert 0.2 < len(unknown_tempo) / len(at_deezer) < 0.4
    at_musicbrainz = musicbrainz.entries(everything)
    assert not any(entry.recording.is_trap for entry in at_musicbrainz)
    assert {len(entry.first_release_date) for entry in at_musicbrainz} == {4, 7, 10}
    assert any(not entry.isrcs for entry in at_musicbrainz)


def test_shops_and_listeners_differ_believably(recordings: tuple[Recording, ...]) -> None:
    everything = with_traps(recordings)
    at_lastfm, at_itunes = lastfm.scrobbled(everything), itunes.songs(everything)
    assert 0 < len(everything) - len(at_lastfm) < len(everything) - len(at_itunes) < 0.15 * len(everything)
    assert {len(track.tags) for track in at_lastfm} == {0, 1, 4}
    assert 0.1 < sum(track.duration == 0 for track in at_lastfm) / len(at_lastfm) < 0.3
    assert 0.5 < sum(track.mbid == "" for track in at_lastfm) / len(at_lastfm) < 0.7
    assert {song.genre for song in at_itunes} <= {
        "Dance",
        "Electronic",
        "Pop",
        "Rock",
        "Hip-Hop/Rap",
        "R&B/Soul",
    }
    assert any(song.released.startswith("1900") for song in at_itunes)
    at_beatport = beatport.tracks(everything)
    assert {track.recording.genre for track in at_beatport} == {"Electronic"}
    assert not any(track.recording.is_trap for track in at_beatport)
    of_the_shop = [track for track in at_beatport if track.released[:4] != track.recording.year]
    assert of_the_shop
    assert all(int(track.recording.year) < 2004 <= int(track.released[:4]) for track in of_the_shop)


def test_traps_carry_the_title_of_a_well_known_track_by_somebody_else(
    recordings: tuple[Recording, ...],
) -> None:
    originals = {recording.title for recording in recordings}
    traps = [recording for recording in with_traps(recordings) if recording.is_trap]
    assert len(traps) > 50
    for trap in traps:
        assert trap.title.split(" (Originally Performed")[0] in originals
        assert trap.artist in {"Studio Karaoke Collection", "The Piano Tribute Room"}
        assert trap.popularity < 35


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "line 2"),
        ('{"artist": "a"}', "featured"),
        ("", "line 2"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, recordings: object, line: str, what: str) -> None:
    first = (
        (Path(__file__).parents[3] / "resources/catalogue/tracks.jsonl").read_text("utf-8").splitlines()[0]
    )
    file = tmp_path / "tracks.jsonl"
    file.write_text(f"{first}\n{line}\n", "utf-8")
    with pytest.raises(ValueError, match=what):
        load_catalogue(file)
