"""Different questions have different keys, in memory and in Redis."""

from hypothesis import given
from hypothesis import strategies as st

from backend.contracts.gateway import SearchRequest
from backend.services.api_gateway.cache.answers import OPERATIONS, Entry, search_key, track_key
from backend.services.api_gateway.cache.stored import decode, encode, name_of

PART = st.text(max_size=8) | st.text(alphabet="ab:/. |\x00", max_size=8)
KEYS = st.tuples(st.sampled_from(["deezer", "spotify"]), st.sampled_from(OPERATIONS), PART, PART, PART)


@given(one=KEYS, other=KEYS)
def test_different_keys_have_different_names_in_redis(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (name_of(one) == name_of(other)) is (one == other)
    assert name_of(one) != name_of(one, "claim")


@given(one=st.lists(PART, max_size=5), other=st.lists(PART, max_size=5))
def test_no_way_of_cutting_a_text_into_parameters_gives_the_same_name(
    one: list[str], other: list[str]
) -> None:
    first, second = ("deezer", "search", *one), ("deezer", "search", *other)
    assert (name_of(first) == name_of(second)) is (first == second)


def test_the_references_colon_does_not_make_two_questions_one() -> None:
    queries = [SearchRequest(artist_name=a, track_title=t) for a, t in (("a:b", "c"), ("a", "b:c"))]
    one, other = (search_key("spotify", 1, query) for query in queries)
    assert one != other
    assert name_of(one) != name_of(other)


def test_case_and_spacing_make_no_other_question_and_version_and_limit_do() -> None:
    query = SearchRequest(artist_name="Deadmau5", track_title="Strobe")
    same = SearchRequest(artist_name=" DEADMAU5", track_title="strobe ")
    assert search_key("deezer", 1, query) == search_key("deezer", 1, same)
    assert search_key("deezer", 1, query) != search_key("deezer", 2, query)
    fewer = query.model_copy(update={"limit": 5})
    assert search_key("deezer", 1, query) != search_key("deezer", 1, fewer)
    assert track_key("deezer", 1, "A") != track_key("deezer", 1, "a")


@given(key=KEYS, fresh_until=st.floats(0, 1e12), misses=st.integers(0, 9), generation=PART)
def test_what_is_stored_is_read_again(
    key: tuple[str, ...], fresh_until: float, misses: int, generation: str
) -> None:
    entry = Entry(b"[]", "row", fresh_until, misses, 5.0, generation)
    assert decode(key, encode(key, entry)) == entry
