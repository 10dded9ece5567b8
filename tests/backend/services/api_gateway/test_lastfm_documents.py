"""Last.fm's documents: the same in JSON and XML, and none that could do harm."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.services.api_gateway.outcomes import ContractError, HttpAnswer
from backend.services.api_gateway.providers import lastfm
from backend.services.api_gateway.providers.lastfm_xml import read_xml

STAR = "https://lastfm.freetls.fastly.net/i/u/300x300/2a96cbd8b46e442fc41c2b86b821562f.png"
COVER = "https://lastfm.freetls.fastly.net/i/u/300x300/1340e9e1082cf0dc748583b7eefce6d5.png"
IN_XML = f"""<?xml version="1.0" encoding="UTF-8" ?>
<lfm status="ok"><track><name>Strobe &amp; more</name><mbid></mbid><duration>637000</duration>
<streamable fulltrack="0">0</streamable>
<artist><name>deadmau5</name></artist>
<album position="9"><title>For Lack of a Better Name</title>
<image size="small"></image><image size="extralarge">{COVER}</image></album>
<toptags><tag><name>progressive house</name></tag><tag><name>Deadmau5</name></tag></toptags>
</track></lfm>""".encode()
IN_JSON = {
    "track": {
        "name": "Strobe & more",
        "mbid": "",
        "duration": "637000",
        "streamable": {"#text": "0", "fulltrack": "0"},
        "artist": {"name": "deadmau5"},
        "album": {
            "title": "For Lack of a Better Name",
            "image": [{"#text": "", "size": "small"}, {"#text": COVER, "size": "extralarge"}],
            "@attr": {"position": "9"},
        },
        "toptags": {"tag": [{"name": "progressive house"}, {"name": "Deadmau5"}]},
    }
}


def test_json_and_xml_of_a_document_read_the_same() -> None:
    from_xml = lastfm.decode(HttpAnswer(200, {}, IN_XML))
    from_json = lastfm.decode(HttpAnswer(200, {}, json.dumps(IN_JSON).encode()))
    assert from_xml == from_json == IN_JSON


def test_a_look_up_is_read_whole() -> None:
    (track,) = lastfm.parse_lookup(IN_JSON)
    assert track.provider_id == "deadmau5/_/Strobe+%26+more"
    assert (track.album, track.duration_ms) == ("For Lack of a Better Name", 637_000)
    assert track.genres == ["progressive house"]  # the artist's name is no genre
    assert track.artwork_url == COVER


@pytest.mark.parametrize("duration", ["0", "", None, 0, "soon"])
def test_an_unknown_length_is_none(duration: object) -> None:
    track = lastfm.parse_track({"name": "Strobe", "artist": "deadmau5", "duration": duration})
    assert track.duration_ms is None


@pytest.mark.parametrize(
    ("tags", "genres"),
    [
        ({"tag": {"name": "trance"}}, ["trance"]),
        ({"tag": [{"name": "trance"}, {"name": ""}]}, ["trance"]),
        ({"tag": []}, []),
        ("", []),
        ("\n    ", []),
        (None, []),
    ],
)
def test_a_list_of_one_or_none_has_a_form_of_its_own(tags: object, genres: list[str]) -> None:
    track = lastfm.parse_track({"name": "Strobe", "artist": "deadmau5", "toptags": tags})
    assert track.genres == genres


@pytest.mark.parametrize("images", [[{"#text": STAR, "size": "mega"}], {"#text": "", "size": "small"}, ""])
def test_the_placeholder_star_is_no_picture(images: object) -> None:
    track = lastfm.parse_track({"name": "Strobe", "artist": "deadmau5", "image": images})
    assert track.artwork_url is None


@pytest.mark.parametrize(
    ("track_id", "artist", "track"),
    [
        ("AC%2FDC/_/T.N.T.", "AC/DC", "T.N.T."),
        ("AC/DC/_/T.N.T.", "AC/DC", "T.N.T."),
        ("a+%2B+b/_/c", "a + b", "c"),
    ],
)
def test_an_identifier_is_taken_apart_into_names(track_id: str, artist: str, track: str) -> None:
    assert lastfm.names_in(track_id) == {"artist": artist, "track": track}


def entities(levels: int) -> bytes:
    """The billion laughs: each entity is ten of the one before."""
    more = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels))
    declared = f'<!ENTITY e0 "lol">{more}'
    return f'<!DOCTYPE lfm [{declared}]><lfm status="ok"><track>&e{levels - 1};</track></lfm>'.encode()


@pytest.mark.parametrize(
    "body",
    [
        entities(10),
        entities(2).decode().encode("utf-16"),
        b'<!DOCTYPE lfm SYSTEM "http://127.0.0.1/secrets.dtd"><lfm status="ok"><track/></lfm>',
        b'<!DOCTYPE lfm [<!ENTITY x SYSTEM "file:///etc/passwd">]><lfm status="ok"><track>&x;</track></lfm>',
    ],
    ids=["entities", "entities in UTF-16", "external subset", "external entity"],
)
def test_xml_with_a_document_type_is_refused(body: bytes) -> None:
    with pytest.raises(ContractError, match="document type"):
        read_xml(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<lfm>",
        b"<lfm/>",
        b"<html><body/></html>",
        b'<lfm status="failed"/>',
        b'<lfm status="failed"><error>no code</error></lfm>',
        b'<lfm status="failed"><error code="six">x</error></lfm>',
        b'<?xml version="1.0" encoding="klingon"?><lfm status="ok"><track/></lfm>',
        b'<lfm status="ok"><track>&undeclared;</track></lfm>',
        IN_XML[: len(IN_XML) // 2],
    ],
)
def test_xml_that_is_not_lastfms_breaks_the_contract(body: bytes) -> None:
    with pytest.raises(ContractError):
        read_xml(body)


@given(st.binary() | st.text(alphabet="<>/&;lfmae =\"'?!x").map(str.encode))
def test_whatever_comes_is_a_document_or_breaks_the_contract(body: bytes) -> None:
    try:
        document = read_xml(body)
    except ContractError:
        return
    assert isinstance(document, dict)
