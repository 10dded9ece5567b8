"""The payload that a letter is sent with next: how it is shown, and whether it can be edited without loss."""

import base64
from typing import Final

from backend.contracts.dead_letter_views import LetterDetail, RevisionEntry
from controllers.wording import count

MOST_SHOWN: Final = 100_000
"""Characters; a text widget lays out about so many without a frame that takes long."""


def editable_text(letter: LetterDetail) -> str | None:
    """The whole text that is sent next; none when it is purged, not held in full, or no UTF-8.

    The service cuts long texts and marks bytes that are no text. Editing such a text would send the marks and
    lose the rest, so it is taken from the bytes themselves.
    """
    encoded = (_chosen(letter) or letter).payload_base64
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded).decode()
    except UnicodeDecodeError:
        return None


def why_not_editable(letter: LetterDetail) -> str:
    """In a few words; empty when it can be edited or there is nothing to edit."""
    if letter.payload_text is None or editable_text(letter) is not None:
        return ""
    too_large = _chosen(letter) is None and letter.payload_base64 is None
    return "too large to edit here" if too_large else "not UTF-8 text, cannot be edited here"


def shown_payload(letter: LetterDetail) -> str:
    """What is sent next, with a line about what is left out."""
    chosen = _chosen(letter)
    if chosen is None and letter.payload_text is None:
        return "The bytes were purged."
    text = (letter.payload_text or "") if chosen is None else chosen.payload_text
    head = "" if chosen is None else f"// revision {chosen.number} by {chosen.author}: {chosen.reason}\n"
    cut = len(text) > MOST_SHOWN or (chosen is None and letter.payload_base64 is None)
    told = f"// the first {count(min(len(text), MOST_SHOWN))} characters\n" if cut else ""
    return f"{head}{told}{text[:MOST_SHOWN]}"


def _chosen(letter: LetterDetail) -> RevisionEntry | None:
    return next((one for one in letter.revisions if one.number == letter.revision), None)
