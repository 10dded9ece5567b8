"""The HTTP formats of ListenBrainz and the Cover Art Archive."""

import pytest

from backend.http import httpx
from tests.fixtures.provider_simulator import SimulatorHandle

LOOKUP = "/listenbrainz/1/metadata/lookup/"
RECORDING = "/listenbrainz/1/metadata/recording/"
STROBE_MBID = "6cc05a3e-d65b-5f6c-8333-d4cc700786d7"
TOKEN = {"Authorization": "Token practice"}
NOBODY = "00000000-0000-0000-0000-000000000000"


def strobe_release(client: httpx.Client) -> str:
    """The release that MusicBrainz names first."""
    found = client.get(f"/musicbrainz/ws/2/recording/{STROBE_MBID}?inc=releases").json()
    return str(found["releases"][0]["id"])


class TestListenBrainz:
    def test_a_match_carries_the_parts_that_were_asked_for(self, client: httpx.Client) -> None:
        names = {"artist_name": "deadmau5", "recording_name": "Strobe"}
        bare = client.get(LOOKUP, params=names, headers=TOKEN).json()
        assert (bare["recording_mbid"], bare["release_mbid"]) == (STROBE_MBID, strobe_release(client))
        assert "metadata" not in bare
        more = {**names, "metadata": "true", "inc": "artist tag"}
        full = client.get(LOOKUP, params=more, headers=TOKEN).json()
        assert set(full["metadata"]) == {"recording", "artist", "tag"}
        assert full["metadata"]["recording"]["name"] == "Strobe"

    def test_no_match_is_an_empty_object(self, client: httpx.Client) -> None:
        names = {"artist_name": "Test", "recording_name": "Test"}
        answer = client.get(LOOKUP, params=names, headers=TOKEN)
        assert (answer.status_code, answer.json()) == (200, {})

    def test_recordings_by_identifier_leave_the_unknown_out(self, client: httpx.Client) -> None:
        params = {"recording_mbids": f"{STROBE_MBID},{NOBODY}", "inc": "release"}
        body = client.get(RECORDING, params=params).json()
        assert set(body) == {STROBE_MBID}
        assert set(body[STROBE_MBID]) == {"recording", "release"}

    def test_names_need_a_token_and_identifiers_do_not(
        self, client: httpx.Client, simulator: SimulatorHandle
    ) -> None:
        names = {"artist_name": "deadmau5", "recording_name": "Strobe"}
        assert client.get(LOOKUP, params=names).status_code == 401
        assert client.get(RECORDING, params={"recording_mbids": STROBE_MBID}).status_code == 200
        simulator.turn("listenbrainz", refuse_credentials=True)
        assert client.get(LOOKUP, params=names, headers=TOKEN).status_code == 401

    @pytest.mark.parametrize(
        "address",
        [
            f"{LOOKUP}?recording_name=Strobe",
            f"{LOOKUP}?artist_name=deadmau5",
            f"{LOOKUP}?artist_name=a&recording_name=b&metadata=true&inc=lyrics",
            f"{RECORDING}?recording_mbids=1",
        ],
    )
    def test_what_is_missing_or_unknown_is_a_400(self, client: httpx.Client, address: str) -> None:
        answer = client.get(address, headers=TOKEN)
        assert (answer.status_code, answer.json()["code"]) == (400, 400)

    def test_the_limit_is_told_with_every_answer(
        self, client: httpx.Client, simulator: SimulatorHandle
    ) -> None:
        simulator.turn("listenbrainz", limit=2)
        answers = [client.get(RECORDING, params={"recording_mbids": NOBODY}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
        assert answers[2].headers["X-RateLimit-Reset-In"] == "10"


class TestCoverArtArchive:
    def test_the_list_of_pictures_lies_behind_a_redirect(self, client: httpx.Client) -> None:
        release = strobe_release(client)
        answer = client.get(f"/coverartarchive/release/{release}/")
        assert answer.status_code == 307
        images = client.get(answer.headers["Location"]).json()["images"]
        assert [image["front"] for image in images] == [False, True]
        assert set(images[1]["thumbnails"]) == {"250", "500", "1200", "small", "large"}

    @pytest.mark.parametrize(("identifier", "status"), [(NOBODY, 404), ("1", 400)])
    def test_a_release_without_pictures_and_no_identifier(
        self, client: httpx.Client, identifier: str, status: int
    ) -> None:
        answer = client.get(f"/coverartarchive/release/{identifier}")
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/html")

    def test_throttling_is_a_503_that_says_so(self, client: httpx.Client, simulator: SimulatorHandle) -> None:
        simulator.turn("coverartarchive", throttle_rate=1.0, retry_after_seconds=9)
        answer = client.get(f"/coverartarchive/release/{NOBODY}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "9")
        assert "rate limit" in answer.text
