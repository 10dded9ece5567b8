"""Text that goes into an editor and out of it again, to the character; against Qt's own widget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QPlainTextEdit

from controllers.exact_text import ExactText

SPECIAL = "\r\n\u2028\u2029\ufdd0\ufdd1\ufeff\u00a0\x00\t␍␤␊\ue000é\U0001f600"
TEXTS = st.text(st.sampled_from(SPECIAL) | st.characters(exclude_categories=["Cs"]))


def through_an_editor(text: str) -> str:
    exact, edit = ExactText(text), QPlainTextEdit()
    edit.setPlainText(exact.shown)
    return exact.read(edit.document().toRawText())


@given(TEXTS)
def test_nothing_is_changed_by_looking_at_it(qapp: object, text: str) -> None:
    assert through_an_editor(text) == text


@pytest.mark.parametrize("text", ["a\u00a0b", "a\r\nb\r\n", "a\rb\nc\r\n", "\ufeff{}", '{"x": "a\u2028b"}'])
def test_what_a_text_widget_would_lose(qapp: object, text: str) -> None:
    assert through_an_editor(text) == text


def test_a_line_added_ends_as_the_others_do() -> None:
    exact = ExactText("a\r\nb")
    assert exact.read("a\u2029new\u2029b") == "a\r\nnew\r\nb"
    assert exact.legend == "lines end in CR LF"


def test_a_sign_that_the_text_uses_is_not_taken() -> None:
    exact = ExactText("␍ and \r")
    assert exact.shown == "␍ and \ue000"
    assert "stands for a carriage return" in exact.legend


def test_plain_text_needs_no_legend() -> None:
    assert ExactText('{\n "a": 1\n}').legend == ""
