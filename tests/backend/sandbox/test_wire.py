"""The providers' HTTP formats: what their documentation says, status by status."""

import pytest

from backend.contracts.environment import PROVIDERS
from backend.http import httpx
from tests.fixtures.provider_simulator import SimulatorHandle

STROBE_MBID = "6cc05a3e-d65b-5f6c-8333-d4cc700786d7"
DISCOGS = {"Authorization": "Discogs token=practice"}


@pytest.fixture
def bearer(client: httpx.Client) -> dict[str, str]:
    answer = client.post(
        "/spotify/api/token", data={"grant_type": "client_credentials"}, auth=("practice", "practice")
    )
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


class TestMusicBrainz:
    def test_search(self, client: httpx.Client) -> None:
        query = 'recording:"Strobe" AND artist:"deadmau5"'
        answer = client.get("/musicbrainz/ws/2/recording", params={"query": query, "limit": 2, "fmt": "json"})
        body = answer.json()
        assert (body["count"], body["offset"], len(body["recordings"])) == (5, 0, 2)
        first = body["recordings"][0]
        assert (first["id"], first["title"], first["score"]) == (STROBE_MBID, "Strobe", 100)
        assert first["artist-credit"][0]["artist"]["sort-name"] == "deadmau5"
        assert first["releases"][0]["release-group"]["primary-type"] == "Album"
        assert answer.headers["X-RateLimit-Limit"] == "1200"

    def test_guests_are_joined_in_the_credit(self, client: httpx.Client) -> None:
        params = {"query": 'recording:"Get Lucky" AND artist:"Daft Punk"'}
        found = client.get("/musicbrainz/ws/2/recording", params=params).json()["recordings"][0]
        credit = "".join(part["name"] + part["joinphrase"] for part in found["artist-credit"])
        assert credit == "Daft Punk feat. Pharrell Williams & Nile Rodgers"

    def test_look_up_gives_what_inc_asks_for(self, client: httpx.Client) -> None:
        path = f"/musicbrainz/ws/2/recording/{STROBE_MBID}"
        bare = client.get(path).json()
        assert set(bare) == {"id", "title", "length", "first-release-date", "disambiguation", "video"}
        full = client.get(f"{path}?inc=artist-credits+releases+isrcs+genres").json()
        assert set(full) - set(bare) == {"artist-credit", "releases", "isrcs", "genres"}

    def test_by_isrc(self, client: httpx.Client) -> None:
        body = client.get("/musicbrainz/ws/2/isrc/ZZSN10936232").json()
        assert [recording["id"] for recording in body["recordings"]] == [STROBE_MBID]

    @pytest.mark.parametrize(
        ("path", "status", "error"),
        [
            ("recording/not-an-id", 400, "Invalid mbid."),
            ("recording/00000000-0000-0000-0000-000000000000", 404, "Not Found"),
            ("isrc/ZZXXX0000000", 404, "Not Found"),
            ("recording?query=a OR b", 400, "Unable to parse search: OR is not supported by the simulator"),
        ],
    )
    def test_errors(self, client: httpx.Client, path: str, status: int, error: str) -> None:
        answer = client.get(f"/musicbrainz/ws/2/{path}")
        assert (answer.status_code, answer.json()["error"]) == (status, error)

    def test_without_user_agent(self, client: httpx.Client) -> None:
        answer = client.get("/musicbrainz/ws/2/isrc/ZZXXX0000000", headers={"User-Agent": ""})
        assert answer.status_code == 403

    def test_over_the_limit_is_a_503(self, client: httpx.Client, simulator: SimulatorHandle) -> None:
        simulator.turn("musicbrainz")
        statuses = [client.get("/musicbrainz/ws/2/isrc/ZZXXX0000000").status_code for _ in range(3)]
        assert statuses == [404, 503, 503]


class TestSpotify:
    def test_search_by_fields(self, client: httpx.Client, bearer: dict[str, str]) -> None:
        params = {"q": 'track:"Strobe" artist:"deadmau5"', "type": "track", "limit": "2"}
        page = client.get("/spotify/v1/search", params=params, headers=bearer).json()["tracks"]
        assert (page["total"], page["limit"], page["previous"], len(page["items"])) == (5, 2, None, 2)
        assert "offset=2" in page["next"]
        first = page["items"][0]
        assert first["name"] == "Strobe"
        assert first["album"]["release_date_precision"] == "day"
        assert first["external_ids"] == {"isrc": "ZZSN10936232"}
        assert first["uri"] == f"spotify:track:{first['id']}"

    def test_karaoke_stands_beside_well_known_tracks(
        self, client: httpx.Client, bearer: dict[str, str]
    ) -> None:
        params = {"q": "karaoke", "type": "track", "limit": "50"}
        page = client.get("/spotify/v1/search", params=params, headers=bearer).json()["tracks"]
        assert page["total"] > 20

    def test_no_hits_is_an_empty_page(self, client: httpx.Client, bearer: dict[str, str]) -> None:
        params = {"q": 'track:"Test" artist:"Test"', "type": "track"}
        page = client.get("/spotify/v1/search", params=params, headers=bearer).json()["tracks"]
        assert (page["total"], page["items"], page["next"]) == (0, [], None)

    @pytest.mark.parametrize(
        ("path", "status", "message"),
        [
            ("search?q=&type=track", 400, "No search query"),
            ("search?q=a&type=nothing", 400, "Bad search type field"),
            ("search?q=a&type=track&limit=51", 400, "Invalid limit"),
            ("tracks/1", 400, "Invalid base62 id"),
            ("tracks/0000000000000000000000", 404, "Resource not found"),
            ("audio-features/0000000000000000000000", 403, "Forbidden"),
        ],
    )
    def test_errors(
        self, client: httpx.Client, bearer: dict[str, str], path: str, status: int, message: str
    ) -> None:
        answer = client.get(f"/spotify/v1/{path}", headers=bearer)
        assert (answer.status_code, answer.json()["error"]) == (
            status,
            {"status": status, "message": message},
        )

    @pytest.mark.parametrize(
        ("authorization", "message"),
        [
            (None, "No token provided"),
            ("Basic abc", "No token provided"),
            ("Bearer abc", "Invalid access token"),
        ],
    )
    def test_without_a_good_token(
        self, client: httpx.Client, authorization: str | None, message: str
    ) -> None:
        headers = {"Authorization": authorization} if authorization else {}
        answer = client.get("/spotify/v1/search?q=a&type=track", headers=headers)
        assert (answer.status_code, answer.json()["error"]["message"]) == (401, message)

    def test_a_token_needs_client_credentials(self, client: httpx.Client, simulator: SimulatorHandle) -> None:
        form = {"grant_type": "client_credentials"}
        assert client.post("/spotify/api/token", data=form).json()["error"] == "invalid_client"
        other = client.post("/spotify/api/token", data={"grant_type": "password"}, auth=("a", "b"))
        assert other.json()["error"] == "unsupported_grant_type"
        simulator.turn("spotify", refuse_credentials=True)
        refused = client.post("/spotify/api/token", data=form, auth=("a", "b"))
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")

    def test_throttling_names_the_time_to_wait(
        self, client: httpx.Client, bearer: dict[str, str], simulator: SimulatorHandle
    ) -> None:
        simulator.turn("spotify", throttle_rate=1.0, retry_after_seconds=9)
        answer = client.get("/spotify/v1/search?q=a&type=track", headers=bearer)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "9")


class TestDeezer:
    def test_search_and_look_ups(self, client: httpx.Client) -> None:
        query = 'artist:"deadmau5" track:"Strobe"'
        body = client.get("/deezer/search", params={"q": query, "limit": 1}).json()
        assert body["total"] == 4
        assert "index=1" in body["next"]
        found = body["data"][0]
        assert (found["title"], found["title_version"], found["duration"]) == ("Strobe", "", 637)
        assert "bpm" not in found
        assert "isrc" not in found
        full = client.get(f"/deezer/track/{found['id']}").json()
        assert (full["isrc"], full["contributors"][0]["name"]) == ("ZZSN10936232", "deadmau5")
        assert client.get(f"/deezer/track/isrc:{full['isrc']}").json() == full

    def test_field_search_misses_some_tracks_that_free_search_finds(self, client: httpx.Client) -> None:
        artists = (
            "Daft Punk",
            "The Prodigy",
            "Underworld",
            "The Chemical Brothers",
            "Faithless",
            "Kraftwerk",
        )
        by_field, by_words = 0, 0
        for artist in artists:
            by_field += client.get("/deezer/search", params={"q": f'artist:"{artist}"'}).json()["total"]
            by_words += client.get("/deezer/search", params={"q": artist}).json()["total"]
        assert by_field < by_words

    @pytest.mark.parametrize(
        ("path", "code"), [("track/1", 800), ("track/x", 800), ("track/isrc:ZZ", 800), ("search?q=", 501)]
    )
    def test_errors_come_as_http_200(self, client: httpx.Client, path: str, code: int) -> None:
        answer = client.get(f"/deezer/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (200, code)

    def test_the_quota_is_error_4(self, client: httpx.Client, simulator: SimulatorHandle) -> None:
        simulator.turn("deezer", limit=1)
        assert "data" in client.get("/deezer/search?q=strobe").json()
        assert client.get("/deezer/search?q=strobe").json()["error"]["code"] == 4


class TestDiscogs:
    def test_search_and_release(self, client: httpx.Client) -> None:
        params = {"artist": "deadmau5", "track": "Strobe", "type": "release"}
        answer = client.get("/discogs/database/search", params=params, headers=DISCOGS)
        body = answer.json()
        assert body["pagination"]["items"] == len(body["results"]) >= 1
        assert answer.headers["X-Discogs-Ratelimit"] == "60"
        found = body["results"][0]
        assert found["title"] == "deadmau5 - For Lack of a Better Name"
        assert "Progressive House" in found["style"]
        release = client.get(f"/discogs/releases/{found['id']}").json()
        assert release["labels"][0]["name"] == "mau5trap"
        assert "Strobe" in [track["title"] for track in release["tracklist"]]

    def test_search_needs_a_token_and_a_release_does_not(
        self, client: httpx.Client, simulator: SimulatorHandle
    ) -> None:
        assert client.get("/discogs/database/search?q=strobe").status_code == 401
        assert client.get("/discogs/database/search?q=strobe&token=practice").status_code == 200
        assert client.get("/discogs/releases/1").status_code == 404
        simulator.turn("discogs", refuse_credentials=True)
        assert client.get("/discogs/database/search?q=strobe", headers=DISCOGS).status_code == 401

    def test_without_user_agent(self, client: httpx.Client) -> None:
        assert client.get("/discogs/releases/1", headers={"User-Agent": ""}).status_code == 403

    def test_over_the_limit_is_a_429(self, client: httpx.Client, simulator: SimulatorHandle) -> None:
        simulator.turn("discogs", limit=2)
        answers = [client.get("/discogs/releases/1") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [404, 404, 429]
        assert answers[-1].headers["X-Discogs-Ratelimit-Remaining"] == "0"


class TestControls:
    def test_health_says_what_is_simulated(self, client: httpx.Client) -> None:
        health = client.get("/health").json()
        assert health["status"] == "healthy"
        assert health["recordings"] > 600
        assert health["providers"] == sorted(PROVIDERS)

    def test_knobs_are_read_back_and_refused_in_words(self, client: httpx.Client) -> None:
        turned = client.put("/knobs/deezer", json={"error_rate": 0.25, "seed": 3})
        assert turned.json()["error_rate"] == 0.25
        assert client.get("/knobs/deezer").json() == turned.json() == client.get("/knobs").json()["deezer"]
        assert client.put("/knobs/deezer", json={"error_rate": 7}).status_code == 422
        unknown = client.get("/knobs/tidal")
        assert unknown.status_code == 404
        assert f"Known: {', '.join(sorted(PROVIDERS))}." in unknown.json()["detail"]

    def test_requests_are_counted_by_provider(self, client: httpx.Client, simulator: SimulatorHandle) -> None:
        before = simulator.counts("deezer")["requests"]
        client.get("/deezer/track/1")
        assert simulator.counts("deezer")["requests"] == before + 1
        metrics = client.get("/metrics").text
        assert f'simulator_requests_total{{provider="deezer"}} {before + 1}.0' in metrics
