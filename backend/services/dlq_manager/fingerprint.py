"""A name for a way of failing: equal for failures that differ only in ids, numbers and quoted names."""

import hashlib
import re

from backend.contracts.dead_letters import FailureReport

VERSION = 2
"""Grows when the rules below change, so that old and new fingerprints are never mixed up."""

_RULES = (
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b[0-9a-f]{12,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”"), "<text>"),
    (re.compile(r"\d+(?:[.:,T-]\d+)*Z?"), "<n>"),
    (re.compile(r"\s*\([^()]*\)"), ""),  # details that a message adds to what it says
    (re.compile(r": breaker open\b"), ": failure"),  # which is what had opened it
    (re.compile(r"\s+"), " "),
)
_OPENED_BY = {"breaker_open": "failure"}
"""The same of classes of outcomes."""


def normalised(message: str) -> str:
    """The error message without what changes from one occurrence to the next."""
    for pattern, placeholder in _RULES:
        message = pattern.sub(placeholder, message)
    return message.strip().casefold()[:500]


def fingerprint(report: FailureReport) -> str:
    """Sixteen hex digits over provider, outcome class, class of error, place and normalised message."""
    outcome = _OPENED_BY.get(report.outcome_class or "", report.outcome_class or "")
    where = (report.provider or "", outcome, report.error_type, report.place)
    told = "\x1f".join((str(VERSION), *where, normalised(report.error_message)))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
