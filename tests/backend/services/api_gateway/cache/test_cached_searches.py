"""The short way and the route give the same bytes, whatever is searched for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from backend.contracts.gateway import SearchRequest
from tests.backend.services.api_gateway.cache.surface import SEARCH, Surface, request, surface_over
from tests.fixtures.redis_server import RedisServer


@pytest.fixture(scope="module")
def surface(redis_process: RedisServer) -> Iterator[Surface]:
    with surface_over(redis_process) as opened:
        yield opened


TEXT = st.text(min_size=1, max_size=12)
ODD = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), TEXT, st.just(""), st.just([]))
ARTIST, TITLE = st.sampled_from(["artist_name", "artist"]), st.sampled_from(["track_title", "title"])
WELL_FORMED = st.builds(
    lambda names, texts, more: {names[0]: texts[0], names[1]: texts[1], **more},
    st.tuples(ARTIST, TITLE),
    st.tuples(TEXT, TEXT),
    st.fixed_dictionaries(
        {}, optional={"isrc": st.none() | TEXT, "limit": st.integers(1, 50), "x": ODD, "artist": TEXT}
    ),
)
ILL_FORMED = st.dictionaries(
    st.sampled_from(["artist_name", "track_title", "artist", "title", "isrc", "limit"]), ODD, max_size=6
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(body=WELL_FORMED | ILL_FORMED, escaped=st.booleans(), found=st.booleans())
@example(body={"artist": "Björk", "title": "Jóga \u2028 \x7f \x00 😀"}, escaped=False, found=True)
@example(body={"artist_name": "a", "artist": "b", "title": "c", "limit": "5"}, escaped=True, found=True)
@example(body={"artist": "a", "title": "b", "limit": 5.0}, escaped=True, found=False)
def test_both_ways_give_the_same_bytes(
    surface: Surface, body: dict[str, Any], escaped: bool, found: bool
) -> None:
    raw = json.dumps(body, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    try:
        surface.keep(SearchRequest.model_validate_json(raw), found=found)
        is_search = True
    except ValidationError:
        is_search = False
    asked = request(raw)
    surface.by_route(asked)  # brings the answer from Redis into memory
    route, short = surface.by_route(asked), surface.short_way(asked)
    assert short == route
    assert short.statuses == [200 if is_search else 422]
    if is_search:
        assert json.loads(short.body)["cached"] is True


@pytest.mark.parametrize(
    "raw",
    [
        b'{"artist":"a","title":"b","title":"c"}',
        b'{"artist":"a","title":"b","x":' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"artist":"a","title":"\\ud800"}',
        b'{"artist":"a","title":"\xff"}',
        b'\xef\xbb\xbf{"artist":"a","title":"b"}',
        b' \n{"artist":"a","title":"b"} ',
        b'{"artist":"a","title":"b"}x',
        b"null",
        b" ",
    ],
)
def test_both_ways_agree_on_what_is_json(surface: Surface, raw: bytes) -> None:
    for title in ("b", "c"):
        surface.keep(SearchRequest(artist_name="a", track_title=title), found=True)
        surface.by_route(request(json.dumps({"artist": "a", "title": title}).encode()))
    assert surface.short_way(request(raw)) == surface.by_route(request(raw))


@pytest.mark.parametrize(
    ("lane", "query", "status"),
    [
        ("bulk", "", 200),
        ("interactive", "", 200),
        (" Bulk ", "", 200),
        ("fast", "", 422),
        ("", "?priority=3", 200),
        ("", "?priority=99", 422),
    ],
)
def test_a_lane_that_does_not_exist_is_refused_with_or_without_the_cache(
    surface: Surface, lane: str, query: str, status: int
) -> None:
    surface.keep(SearchRequest(artist_name="In", track_title="Lane"), found=True)
    raw = b'{"artist":"In","title":"Lane"}'
    surface.by_route(request(raw))
    asked = request(raw, path=SEARCH + query, lane=lane)
    short = surface.short_way(asked)
    assert short == surface.by_route(asked)
    assert short.statuses == [status]


def test_the_short_way_asks_no_route(surface: Surface) -> None:
    """It is the short way that the other tests compare: the route is not reached."""
    surface.keep(SearchRequest(artist_name="Short", track_title="Way"), found=True)
    asked = request(b'{"artist":"Short","title":"Way"}')
    surface.by_route(asked)
    before = surface.hits()
    said = surface.only_short_way(asked)
    assert said.statuses == [200]
    assert json.loads(said.body)["results"][0]["title"] == "Strobe"
    assert surface.hits() == before + 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/deezer/search", 405),
        ("POST", "/api/deezer/search/", 307),
        ("POST", "/api/tidal/search", 404),
        ("POST", "/api/deezer/look", 404),
    ],
)
def test_what_is_no_search_goes_to_the_routes(surface: Surface, method: str, path: str, status: int) -> None:
    asked = request(b'{"artist":"Short","title":"Way"}', path, method)
    assert surface.short_way(asked).statuses == [status]


def test_the_route_stays_documented(surface: Surface) -> None:
    described = surface.app.openapi()["paths"]["/api/{provider}/search"]["post"]
    assert "artist_name" in described["requestBody"]["content"]["application/json"]["schema"]["properties"]
