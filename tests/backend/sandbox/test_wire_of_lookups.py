"""The HTTP formats of Last.fm, iTunes and Beatport, status by status."""

import pytest

from backend.http import httpx
from tests.fixtures.provider_simulator import SimulatorHandle

LASTFM = {"api_key": "practice", "format": "json"}


class TestLastFm:
    def test_search_has_names_and_the_placeholder_only(self, client: httpx.Client) -> None:
        params = {**LASTFM, "method": "track.search", "track": "Strobe", "artist": "deadmau5", "limit": "2"}
        results = client.get("/lastfm/2.0/", params=params).json()["results"]
        assert results["opensearch:totalResults"] == "5"
        tracks = results["trackmatches"]["track"]
        assert [track["name"] for track in tracks] == ["Strobe", "Strobe - Club Edit"]
        assert {image["#text"].rsplit("/", 1)[-1] for image in tracks[0]["image"]} == {
            "2a96cbd8b46e442fc41c2b86b821562f.png"
        }

    def test_look_up_by_name_and_by_mbid_give_the_same(self, client: httpx.Client) -> None:
        params = {**LASTFM, "method": "track.getInfo"}
        names = {"artist": "DEADMAU5", "track": "strobe"}
        by_name = client.get("/lastfm/2.0/", params={**params, **names}).json()["track"]
        assert (by_name["name"], by_name["duration"]) == ("Strobe", "635000")
        assert [tag["name"] for tag in by_name["toptags"]["tag"]][:2] == ["progressive house", "electronic"]
        by_mbid = client.get("/lastfm/2.0/", params={**params, "mbid": by_name["mbid"]}).json()["track"]
        assert by_mbid == by_name

    @pytest.mark.parametrize(
        ("params", "status", "code"),
        [
            ({"method": "track.getInfo", "artist": "a", "track": "b"}, 404, 6),
            ({"method": "track.getInfo"}, 400, 6),
            ({"method": "track.search"}, 400, 6),
            ({"method": "track.love"}, 400, 3),
            ({"method": "track.search", "track": "a", "format": "xml"}, 400, 5),
            ({"method": "track.search", "track": "a", "api_key": ""}, 403, 10),
        ],
    )
    def test_errors_are_a_code(
        self, client: httpx.Client, params: dict[str, str], status: int, code: int
    ) -> None:
        answer = client.get("/lastfm/2.0/", params={**LASTFM, **params})
        assert (answer.status_code, answer.json()["error"]) == (status, code)

    def test_too_many_calls_are_error_29(self, client: httpx.Client, simulator: SimulatorHandle) -> None:
        simulator.turn("lastfm", limit=1)
        params = {**LASTFM, "method": "track.search", "track": "Strobe"}
        first, second = (client.get("/lastfm/2.0/", params=params) for _ in range(2))
        assert "results" in first.json()
        assert (second.status_code, second.json()["error"]) == (200, 29)
        simulator.turn("lastfm", throttle_rate=1.0, retry_after_seconds=9)
        throttled = client.get("/lastfm/2.0/", params=params)
        assert (throttled.status_code, throttled.json()["error"]) == (429, 29)
        assert throttled.headers["Retry-After"] == "9"


class TestITunes:
    def test_search_and_look_up(self, client: httpx.Client) -> None:
        params = {"term": "deadmau5 strobe", "entity": "song", "limit": "2", "country": "US"}
        answer = client.get("/itunes/search", params=params)
        assert answer.headers["content-type"].startswith("text/javascript")
        body = answer.json()
        assert body["resultCount"] == len(body["results"]) == 2
        found = body["results"][0]
        assert (found["trackName"], found["primaryGenreName"]) == ("Strobe", "Dance")
        assert found["releaseDate"] == "2009-09-22T12:00:00Z"
        assert "isrc" not in found
        again = client.get("/itunes/lookup", params={"id": found["trackId"]}).json()
        assert again["results"] == [found]

    def test_what_is_not_there_is_an_empty_list(self, client: httpx.Client) -> None:
        nothing = {"resultCount": 0, "results": []}
        assert client.get("/itunes/lookup?id=1").json() == nothing
        assert client.get("/itunes/search?term=nobody+at+all").json() == nothing
        assert client.get("/itunes/search?term=").json() == nothing

    @pytest.mark.parametrize("params", ["country=XX", "entity=podcast"])
    def test_wrong_values_are_named(self, client: httpx.Client, params: str) -> None:
        answer = client.get(f"/itunes/search?term=strobe&{params}")
        assert answer.status_code == 400
        assert answer.json()["errorMessage"].startswith("Invalid value(s) for key(s): [")

    def test_over_the_limit_is_an_empty_403(self, client: httpx.Client, simulator: SimulatorHandle) -> None:
        simulator.turn("itunes", limit=1)
        answers = [client.get("/itunes/lookup?id=1") for _ in range(2)]
        assert [(answer.status_code, len(answer.content) > 0) for answer in answers] == [
            (200, True),
            (403, False),
        ]


class TestBeatport:
    @pytest.fixture
    def bearer(self, client: httpx.Client) -> dict[str, str]:
        form = {"grant_type": "client_credentials"}
        answer = client.post("/beatport/v4/auth/o/token/", data=form, auth=("practice", "practice"))
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def test_search_isrc_and_look_up(self, client: httpx.Client, bearer: dict[str, str]) -> None:
        params = {"q": "deadmau5 strobe", "type": "tracks", "per_page": "1"}
        body = client.get("/beatport/v4/catalog/search/", params=params, headers=bearer).json()
        assert (body["count"], body["per_page"], len(body["tracks"])) == (4, 1, 1)
        found = body["tracks"][0]
        assert (found["name"], found["mix_name"], found["bpm"]) == ("Strobe", "Original Mix", 128)
        assert found["key"]["name"] == "B Major"
        assert (found["key"]["camelot_number"], found["key"]["camelot_letter"]) == (1, "B")
        by_id = client.get(f"/beatport/v4/catalog/tracks/{found['id']}/", headers=bearer).json()
        params = {"isrc": found["isrc"]}
        by_isrc = client.get("/beatport/v4/catalog/tracks/", params=params, headers=bearer).json()
        assert by_isrc["results"] == [by_id] == [found]

    @pytest.mark.parametrize(
        ("path", "status"), [("catalog/tracks/1/", 404), ("catalog/tracks/x/", 404), ("catalog/tracks/", 200)]
    )
    def test_what_is_not_there(
        self, client: httpx.Client, bearer: dict[str, str], path: str, status: int
    ) -> None:
        answer = client.get(f"/beatport/v4/{path}", headers=bearer)
        assert answer.status_code == status
        assert answer.json().get("results", []) == []

    def test_without_a_good_token_or_client(self, client: httpx.Client, simulator: SimulatorHandle) -> None:
        assert client.get("/beatport/v4/catalog/tracks/1/").status_code == 401
        wrong = {"Authorization": "Bearer abc"}
        assert client.get("/beatport/v4/catalog/tracks/1/", headers=wrong).status_code == 401
        simulator.turn("beatport", refuse_credentials=True)
        form = {"grant_type": "client_credentials"}
        refused = client.post("/beatport/v4/auth/o/token/", data=form, auth=("a", "b"))
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")

    def test_over_the_limit_is_a_bot_challenge(
        self, client: httpx.Client, bearer: dict[str, str], simulator: SimulatorHandle
    ) -> None:
        simulator.turn("beatport", limit=1)
        answers = [client.get("/beatport/v4/catalog/tracks/1/", headers=bearer) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [404, 403]
        assert answers[1].headers["content-type"].startswith("text/html")
        assert "challenge-platform" in answers[1].text
