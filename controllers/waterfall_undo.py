"""Undo and redo of a draft: drafts are immutable, so what was done is a list of them and a place in it."""

from dataclasses import dataclass

from controllers.waterfall_edits import Draft

MOST = 200


@dataclass(frozen=True)
class Revision:
    """A draft, and what made it out of the one before."""

    label: str
    """As it follows "Undo": `move discogs in label`."""
    draft: Draft
    field: str = ""
    """The field it was done to; empty for several or none."""
    key: str = ""
    """Consecutive revisions of the same key count as one: a slider that is dragged."""


class UndoHistory:
    """What was done to a draft, up to `MOST` steps back."""

    def __init__(self, draft: Draft) -> None:
        self._revisions = [Revision("", draft)]
        self._place = 0

    @property
    def draft(self) -> Draft:
        """The draft as it is now."""
        return self._revisions[self._place].draft

    @property
    def undo_label(self) -> str:
        """What undo would take back; empty when there is nothing."""
        return self._revisions[self._place].label if self._place else ""

    @property
    def redo_label(self) -> str:
        """What redo would do again; empty when there is nothing."""
        following = self._place + 1
        return self._revisions[following].label if following < len(self._revisions) else ""

    def push(self, revision: Revision) -> None:
        """Do something new; what was undone before can no longer be done again."""
        present = self._revisions[self._place]
        continues = bool(revision.key) and revision.key == present.key
        keep = self._place if continues else self._place + 1
        self._revisions = [*self._revisions[:keep], revision][-MOST:]
        self._place = len(self._revisions) - 1

    def undo(self) -> Revision | None:
        """Take the last thing back; it is returned, none when there is nothing."""
        if not self._place:
            return None
        self._place -= 1
        return self._revisions[self._place + 1]

    def redo(self) -> Revision | None:
        """Do again what was taken back last; it is returned, none when there is nothing."""
        if self._place + 1 >= len(self._revisions):
            return None
        self._place += 1
        return self._revisions[self._place]
