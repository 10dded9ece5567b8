"""Bodies made from stored bytes are the very bytes that the model gives."""

from hypothesis import given
from hypothesis import strategies as st

from backend.contracts.gateway import Outcome, SearchRequest, SearchResponse, TrackCandidate
from backend.services.api_gateway.cache.answers import entry_for
from backend.services.api_gateway.cached_bodies import CachedBodies, read_search
from backend.services.api_gateway.providers.adapter import Reply

TEXT = st.text(min_size=1, max_size=20)
NUMBER = st.none() | st.floats(allow_nan=False, allow_infinity=False)
QUERIES = st.builds(
    SearchRequest,
    artist=TEXT,
    title=TEXT,
    isrc=st.none() | TEXT,
    limit=st.integers(min_value=1, max_value=50),
)
CANDIDATES = st.builds(
    TrackCandidate,
    provider=st.just("deezer"),
    provider_id=TEXT,
    title=TEXT,
    artists=st.lists(TEXT, max_size=3),
    bpm=NUMBER,
    popularity=NUMBER,
    duration_ms=st.none() | st.integers(min_value=0, max_value=2**40),
    genres=st.lists(TEXT, max_size=2),
)


@given(
    query=QUERIES, candidates=st.lists(CANDIDATES, max_size=3), response_id=st.none() | st.uuids().map(str)
)
def test_the_same_bytes_as_the_model(
    query: SearchRequest, candidates: list[TrackCandidate], response_id: str | None
) -> None:
    outcome = Outcome.OK if candidates else Outcome.NOT_FOUND
    entry = entry_for(Reply(outcome, tuple(candidates), response_id=response_id), 0.0, 1.0, None)
    model = SearchResponse(
        status="success" if candidates else "partial",
        provider="deezer",
        query=query.model_dump(),
        outcome=outcome,
        results=candidates,
        cached=True,
        response_id=response_id,
    )
    search = read_search(query.model_dump_json().encode())
    assert CachedBodies("deezer").body(search, entry) == model.model_dump_json().encode()
