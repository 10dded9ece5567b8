"""The adapters against the simulator, over real HTTP."""

import pytest

from backend.contracts.gateway import Outcome, SearchRequest
from tests.backend.services.api_gateway.bench import Bench
from tests.fixtures.provider_simulator import SimulatorHandle

STROBE = SearchRequest(artist_name="Deadmau5", track_title="Strobe")
NOBODY = SearchRequest(artist_name="Test", track_title="Test")
ALL = ["musicbrainz", "spotify", "deezer", "discogs", "listenbrainz", "itunes", "lastfm", "beatport"]


@pytest.mark.parametrize("name", ALL)
async def test_finds_a_track_and_looks_it_up_by_the_identifier_found(bench: Bench, name: str) -> None:
    found = await bench[name].search(STROBE, None)
    assert (found.status, found.outcome) == ("success", Outcome.OK)
    original = next(track for track in found.results if track.version in {None, "Original Mix"})
    assert original.title == "Strobe"
    assert original.artists == ["deadmau5"]
    again = await bench[name].track(original.provider_id, None)
    assert again.status == "success"
    assert again.data is not None
    assert (again.data.title, again.data.provider_id) == ("Strobe", original.provider_id)
    told = again.data if name == "lastfm" else original  # whose search gives names only
    assert told.album == "For Lack of a Better Name"
    assert abs((told.duration_ms or 0) - 637_000) < 3_000


@pytest.mark.parametrize("name", ALL)
async def test_an_unknown_track_is_a_partial_answer_without_results(bench: Bench, name: str) -> None:
    found = await bench[name].search(NOBODY, None)
    assert (found.status, found.outcome, found.results) == ("partial", Outcome.NOT_FOUND, [])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("identifier", ["1", "x" * 22, "0-A1", "00000000-0000-0000-0000-000000000000", "é"])
async def test_an_unknown_or_malformed_identifier_is_not_found(
    bench: Bench, name: str, identifier: str
) -> None:
    answer = await bench[name].track(identifier, None)
    assert (answer.status, answer.data) == ("not_found", None)


@pytest.mark.parametrize("name", ["musicbrainz", "spotify", "deezer", "beatport"])
async def test_an_isrc_finds_just_that_recording(bench: Bench, name: str) -> None:
    by_words = await bench["spotify"].search(STROBE, None)
    radio_edit = next(track for track in by_words.results if track.version == "Radio Edit")
    query = SearchRequest(artist_name="deadmau5", track_title="Strobe", isrc=radio_edit.isrc)
    found = await bench[name].search(query, None)
    assert [(track.isrc, (track.version or "").lower()) for track in found.results] == [
        (radio_edit.isrc, "radio edit")
    ]


async def test_listenbrainz_knows_the_recording_as_musicbrainz_does(bench: Bench) -> None:
    found = (await bench["listenbrainz"].search(STROBE, None)).results
    there = (await bench["musicbrainz"].search(STROBE, None)).results
    assert [track.provider_id for track in found] == [there[0].provider_id]
    assert found[0].genres[0] == "progressive house"
    assert (found[0].isrc, found[0].release_date) == (there[0].isrc, there[0].release_date)
    assert found[0].release_id == there[0].release_id


async def test_listenbrainz_finds_versions_and_names_every_artist(bench: Bench) -> None:
    query = SearchRequest(artist_name="Daft Punk", track_title="Get Lucky (Radio Edit)")
    (found,) = (await bench["listenbrainz"].search(query, None)).results
    assert found.artists == ["Daft Punk", "Pharrell Williams", "Nile Rodgers"]
    assert found.version == "radio edit"


async def test_the_release_that_musicbrainz_names_has_its_cover_in_the_archive(bench: Bench) -> None:
    recording = (await bench["musicbrainz"].search(STROBE, None)).results[0]
    assert recording.release_id is not None
    answer = await bench["coverartarchive"].track(recording.release_id, None)
    assert answer.status == "success"
    assert answer.data is not None
    start = f"https://coverartarchive.org/release/{recording.release_id}/"
    assert answer.data.artwork_url is not None
    assert answer.data.artwork_url.startswith(start)
    assert answer.data.artwork_url.endswith("-1200.jpg")
    by_listenbrainz = (await bench["listenbrainz"].search(STROBE, None)).results[0]
    assert by_listenbrainz.artwork_url == answer.data.artwork_url


async def test_the_archive_cannot_be_searched_and_says_how_it_is_asked(
    bench: Bench, simulator: SimulatorHandle
) -> None:
    before = simulator.counts("coverartarchive")["requests"]
    answer = await bench["coverartarchive"].search(STROBE, None)
    assert (answer.status, answer.outcome) == ("bad_request", Outcome.BAD_REQUEST)
    assert "by MusicBrainz release identifier" in answer.detail
    assert simulator.counts("coverartarchive")["requests"] == before


async def test_an_unknown_isrc_falls_back_to_words(bench: Bench) -> None:
    query = SearchRequest(artist_name="deadmau5", track_title="Strobe", isrc="ZZXXX9900000")
    for name in ("musicbrainz", "spotify", "deezer", "beatport"):
        assert (await bench[name].search(query, None)).status == "success"


async def test_deezer_tells_tempo_and_isrc_in_the_look_up_only(bench: Bench) -> None:
    found = await bench["deezer"].search(STROBE, None)
    assert found.results[0].bpm is None
    answer = await bench["deezer"].track(found.results[0].provider_id, None)
    assert answer.data is not None
    assert answer.data.bpm == pytest.approx(128, abs=0.5)
    assert answer.data.isrc


async def test_guests_versions_and_labels_are_read(bench: Bench) -> None:
    query = SearchRequest(artist_name="Daft Punk", track_title="Get Lucky")
    spotify = (await bench["spotify"].search(query, None)).results
    assert {"Daft Punk", "Pharrell Williams", "Nile Rodgers"} == set(spotify[0].artists)
    assert {track.version for track in spotify} >= {None, "Radio Edit"}
    discogs = (await bench["discogs"].search(query, None)).results
    assert discogs[0].label == "Columbia"
    assert "Electronic" in discogs[0].genres


async def test_beatport_tells_tempo_key_label_and_mix(bench: Bench) -> None:
    found = (await bench["beatport"].search(STROBE, None)).results
    original = next(track for track in found if track.version == "Original Mix")
    assert (original.bpm, original.key, original.label) == (128, "B Major", "mau5trap")
    assert original.genres == ["Progressive House"]
    assert original.isrc == "ZZSN10936232"
    heroes = SearchRequest(artist_name="David Bowie", track_title='"Heroes"')
    assert (await bench["beatport"].search(heroes, None)).status == "partial"  # no rock there


async def test_itunes_tells_one_coarse_genre_and_no_isrc(bench: Bench) -> None:
    found = (await bench["itunes"].search(STROBE, None)).results
    assert {tuple(track.genres) for track in found} == {("Dance",)}
    assert {track.isrc for track in found} == {None}
    assert all(str(track.artwork_url).endswith("/1000x1000bb.jpg") for track in found)


async def test_lastfm_tells_tags_in_the_look_up_only_and_shows_no_placeholder(bench: Bench) -> None:
    hit = (await bench["lastfm"].search(STROBE, None)).results[0]
    assert (hit.provider_id, hit.genres, hit.artwork_url) == ("deadmau5/_/Strobe", [], None)
    record = (await bench["lastfm"].track(hit.provider_id, None)).data
    assert record is not None
    assert record.genres == ["progressive house", "electronic", "00s"]  # not the artist's name
    assert record.artwork_url is not None


async def test_lastfm_is_asked_by_mbid_too(bench: Bench) -> None:
    answer = await bench["lastfm"].track("243bc952-fad7-584d-95cd-087634700934", None)
    assert answer.data is not None
    assert (answer.data.title, answer.data.provider_id) == ("Strobe", answer.track_id)


async def test_awkward_characters_are_searched_for_and_not_interpreted(bench: Bench) -> None:
    heroes = SearchRequest(artist_name="David Bowie", track_title='"Heroes"')
    slashes = SearchRequest(artist_name='AC/DC" OR artist:*', track_title="a AND (b) \\ c:d")
    kanji = SearchRequest(artist_name="坂本龍一", track_title="千のナイフ")
    for name in ALL:
        assert (await bench[name].search(heroes, None)).outcome in {Outcome.OK, Outcome.NOT_FOUND}
        assert (await bench[name].search(slashes, None)).outcome is Outcome.NOT_FOUND
    assert (await bench["spotify"].search(heroes, None)).status == "success"
    assert (await bench["spotify"].search(kanji, None)).results[0].title == "千のナイフ"


async def test_the_second_answer_comes_from_the_cache_whatever_the_spelling(
    bench: Bench, simulator: SimulatorHandle
) -> None:
    first = await bench["deezer"].search(STROBE, None)
    calls = simulator.counts("deezer")["requests"]
    second = await bench["deezer"].search(
        SearchRequest(artist_name=" deadMAU5 ", track_title="STROBE"), "later"
    )
    assert (first.cached, second.cached) == (False, True)
    assert second.results == first.results
    assert second.response_id == first.response_id
    assert simulator.counts("deezer")["requests"] == calls


async def test_every_answer_is_recorded_byte_for_byte_and_no_token_among_them(bench: Bench) -> None:
    await bench["spotify"].search(STROBE, "trace-1")
    await bench["discogs"].search(STROBE, "trace-1")
    records = bench.responses()
    assert [(r.provider, r.endpoint) for r in records] == [
        ("spotify", "token"),
        ("spotify", "search"),
        ("discogs", "search"),
        ("discogs", "release"),
    ]
    token, search, *_ = records
    assert token.body is None
    assert search.body is not None
    assert search.body.startswith(b'{"tracks"')
    assert {record.correlation_id for record in records} == {"trace-1"}
    assert "authorization" not in str(records).lower()
    assert "practice" not in str(records)
