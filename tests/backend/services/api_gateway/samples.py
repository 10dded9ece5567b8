"""Recorded answers of the real providers, as the tests read them."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from backend.contracts.gateway import TrackCandidate
from backend.services.api_gateway.outcomes import ContractError

Parse = Callable[[Any], Sequence[TrackCandidate] | None]


def read(file: Path) -> Any:
    """A recorded answer's JSON."""
    return json.loads(file.read_bytes())


def check(candidate: TrackCandidate) -> None:
    """What holds for every track of every provider."""
    assert candidate.title
    assert candidate.provider_id
    assert candidate.artists
    assert all(candidate.artists)
    assert candidate.duration_ms is None or 1_000 < candidate.duration_ms < 24 * 3_600_000
    assert candidate.bpm is None or candidate.bpm > 0
    assert candidate.popularity is None or 0 <= candidate.popularity <= 1


def check_refused(payload: Any, *parsers: Parse) -> None:
    """An answer about something else than tracks is read without tracks, or refused with a reason."""
    for parse in parsers:
        with suppress(ContractError):
            assert not parse(payload)
