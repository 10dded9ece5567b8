"""What differs between two payloads: to the byte, also where nothing can be seen."""

import json

import pytest

from controllers.dead_letters_diff import _PIECES, Side, differences


@pytest.mark.parametrize(
    "text", ["", "x", '{"a": 1,\n "b": [1, 2]}\n', "a,,b\n\n,", " \r\n\t{", json.dumps({"a": list(range(9))})]
)
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(_PIECES.findall(text)) == text


def test_one_value_in_one_long_line_is_told_alone() -> None:
    before = json.dumps({f"field_{place}": place for place in range(40)})
    lines = differences(before, before.replace('"field_20": 20', '"field_20": 21'))
    assert [line.text for line in lines if line.side is Side.BEFORE] == [' "field_20": 20,']
    assert [line.text for line in lines if line.side is Side.AFTER] == [' "field_20": 21,']
    assert [line.text for line in lines if line.side is Side.LEFT_OUT] == [
        "18 parts unchanged",
        "16 parts unchanged",
    ]


@pytest.mark.parametrize(
    ("before", "after"), [("a b", "a\u00a0b"), ("a\n", "a\r\n"), ("\ufeffa", "a"), ("a", "a ")]
)
def test_what_cannot_be_seen_is_seen(before: str, after: str) -> None:
    old, new = (
        [line.text for line in differences(before, after) if line.side is side]
        for side in (Side.BEFORE, Side.AFTER)
    )
    assert old
    assert new
    assert old != new


def test_nothing_differs() -> None:
    assert differences("same", "same") == []


def test_two_huge_texts_are_compared_as_wholes_and_at_once() -> None:
    before, after = ("x," * 50_000, "y," * 50_000)
    lines = differences(before, after)
    assert {line.side for line in lines} == {Side.BEFORE, Side.AFTER}
