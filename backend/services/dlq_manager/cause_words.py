"""A cause in a few words, as the list of causes shows it."""

import re
from typing import Any

_STATUS = re.compile(r"\bHTTP (\d{3})\b")
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST = 90
NOBODY = "No provider could answer"
_COMPLAINT = re.compile(r"(?:^|[:;] )([a-z]+: [a-z ]+?) ?\(")
"""Of that message: each provider with what it did, without the details."""


def cause_title(cause: dict[str, Any]) -> str:
    """What failed: `503 from discogs` where a status is known, else the first sentence of the message."""
    message, provider = cause["sample_message"], cause["provider"]
    if message.startswith(NOBODY):
        return NOBODY
    status = _STATUS.search(message)
    if status and provider:
        return f"{status.group(1)} from {provider}"
    sentence = message.split("; ")[0].split(". ")[0].strip().rstrip(".")
    return _cut(sentence or _spaced(cause["error_type"]))


def cause_detail(cause: dict[str, Any]) -> str:
    """Class of error, provider and place."""
    if cause["sample_message"].startswith(NOBODY):
        return _cut(", ".join(_COMPLAINT.findall(cause["sample_message"])) or cause["source_service"])
    parts = (_spaced(cause["error_type"]), cause["provider"] or "", cause["place"] or cause["source_service"])
    return " · ".join(part for part in parts if part)


def _spaced(name: str) -> str:
    words = _WORDS.sub(" ", name)
    return words[:1] + words[1:].lower()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
