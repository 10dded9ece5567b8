"""Reading values: what is there, what is missing, what only looks like a value."""

import pytest

from backend.services.api_gateway.outcomes import ContractError
from backend.services.api_gateway.providers import reading


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2009-09-22", "2009-09-22"),
        ("2009-09", "2009-09"),
        ("2009", "2009"),
        (2009, "2009"),
        ("2009-00-00", "2009"),
        ("2009-09-00", "2009-09"),
        ("0000-00-00", None),
        ("", None),
        (None, None),
        (0, None),
        ("September 2009", None),
    ],
)
def test_dates_keep_the_precision_known(given: object, read: str | None) -> None:
    assert reading.date(given) == read


@pytest.mark.parametrize(
    ("title", "version"),
    [
        ("Strobe", None),
        ("Strobe - Radio Edit", "Radio Edit"),
        ("Strobe (Michael Woods Remix)", "Michael Woods Remix"),
        ("Get Lucky (feat. Pharrell Williams) - Radio Edit", "Radio Edit"),
        ("Get Lucky (feat. Pharrell Williams & Nile Rodgers)", None),
        ("Love (A Story)", None),
        ("Lady (Hear Me Tonight)", None),
        ("Song [2011 Remaster]", "2011 Remaster"),
        ("Credited (Editorial)", None),
    ],
)
def test_the_version_a_title_names(title: str, version: str | None) -> None:
    assert reading.version_in(title) == version


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("5:48", 348_000), ("1:02:03", 3_723_000), ("", None), ("0:00", None), ("5", None), ("x:10", None)],
)
def test_durations_written_as_a_clock(text: str, milliseconds: int | None) -> None:
    assert reading.clock_duration_ms(text) == milliseconds


@pytest.mark.parametrize(
    ("given", "read"),
    [("us-um7-24-09273", "USUM72409273"), ("USUM72409273", "USUM72409273"), ("USUM7", None), (None, None)],
)
def test_isrcs_in_their_plain_form(given: object, read: str | None) -> None:
    assert reading.isrc(given) == read


@pytest.mark.parametrize("value", [None, "", True, [], {}])
def test_what_has_to_be_there_and_is_not_breaks_the_contract(value: object) -> None:
    with pytest.raises(ContractError, match="a track has no usable 'title'"):
        reading.required_text({"title": value}, "title", "a track")
