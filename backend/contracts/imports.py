"""Files of tracks to be enriched, read row by row."""

from pydantic import BaseModel, Field


class BadRow(BaseModel):
    """A row that was left out."""

    line: int
    """In the file, from 1; the header of a CSV file is line 1."""
    problem: str
    text: str
    """The beginning of the row."""


class ImportReport(BaseModel):
    """What a file holds, and what became of it."""

    path: str
    format: str
    """`csv` or `jsonl`."""
    rows: int
    good: int
    duplicates: int
    """Rows whose track id occurred before in the file; the last one counts."""
    bad: list[BadRow] = Field(default_factory=list)
    """The first 1000; `rows - good - duplicates` are left out in all."""
    queued: int = 0
    """Handed to the work queue durably; 0 when the file was only checked."""
    correlation_id: str | None = None
