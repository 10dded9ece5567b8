"""Which payloads can be edited without losing anything, and what is shown of the others."""

import base64

from backend.contracts.dead_letter_views import LetterDetail, RevisionEntry
from controllers.dead_letters_payload import MOST_SHOWN, editable_text, shown_payload, why_not_editable
from tests.gui.sample.clock import MOMENT, StoppedClock
from tests.gui.sample.dead_letters import SampleDeadLetters


def letter(body: bytes) -> LetterDetail:
    sample = SampleDeadLetters(StoppedClock())
    sample.body = body
    return sample.letter("sandbox", "letter-0")


def revised(before: LetterDetail, body: bytes) -> LetterDetail:
    revision = RevisionEntry(
        number=1,
        author="ada",
        reason="typo",
        created_at=MOMENT,
        payload_text=body.decode("utf-8", "backslashreplace"),
        payload_base64=base64.b64encode(body).decode(),
        sha256="",
    )
    return before.model_copy(update={"revision": 1, "revisions": [revision]})


def test_text_is_edited_as_it_is() -> None:
    assert editable_text(letter("é\u00a0\r\n".encode())) == "é\u00a0\r\n"
    assert why_not_editable(letter(b"{}")) == ""


def test_bytes_that_are_no_text_are_not_edited_as_their_marks() -> None:
    binary = letter(b"\xff\xfe")
    assert shown_payload(binary) == "\\xff\\xfe"
    assert editable_text(binary) is None
    assert why_not_editable(binary) == "not UTF-8 text, cannot be edited here"


def test_a_text_that_was_cut_is_not_edited() -> None:
    large = letter(b"x" * 1_000_001)
    assert editable_text(large) is None
    assert why_not_editable(large) == "too large to edit here"
    first, shown = shown_payload(large).split("\n")
    assert first == "// the first 100\u202f000 characters"
    assert len(shown) == MOST_SHOWN


def test_the_revision_that_is_sent_next_is_edited() -> None:
    changed = revised(letter(b"\xff"), b"{}")
    assert editable_text(changed) == "{}"
    assert shown_payload(changed) == "// revision 1 by ada: typo\n{}"


def test_bytes_that_are_gone_are_told() -> None:
    purged = letter(b"{}").model_copy(update={"payload_text": None, "payload_base64": None})
    assert shown_payload(purged) == "The bytes were purged."
    assert editable_text(purged) is None
    assert why_not_editable(purged) == ""
