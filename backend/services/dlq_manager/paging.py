"""Cursors for paging through dead letters: the place after a row, not a number of rows to skip."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime


class CursorError(ValueError):
    """The cursor is not one that this service gave out."""


@dataclass(frozen=True)
class Cursor:
    """After the dead letter that failed at this moment and has this id."""

    failed_at: datetime
    message_id: str

    def encoded(self) -> str:
        """As text for an address."""
        plain = json.dumps([self.failed_at.isoformat(), self.message_id])
        return base64.urlsafe_b64encode(plain.encode()).decode()


def decode(text: str) -> Cursor:
    """The cursor in a text. CursorError."""
    try:
        failed_at, message_id = json.loads(base64.urlsafe_b64decode(text.encode()))
        return Cursor(datetime.fromisoformat(failed_at), str(message_id))
    except (ValueError, TypeError) as error:
        raise CursorError("The cursor is not one that this service gave out.") from error
