"""Somebody else's version came first: what they changed, what I changed, and the two put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField
from controllers.waterfall_edits import Draft, changed_fields


class Choice(StrEnum):
    """Whose version of a field that both changed is kept."""

    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True)
class Rebase:
    """A draft and the version that came into force since it was begun."""

    draft: Draft
    theirs: WaterfallConfiguration

    @cached_property
    def their_changes(self) -> tuple[str, ...]:
        """Fields that differ between the draft's base and their version."""
        return changed_fields(self.draft.base.fields, self.theirs.fields)

    @cached_property
    def mine_alone(self) -> tuple[str, ...]:
        """Fields that only the draft changes."""
        return tuple(name for name in self.draft.changed if name not in self.their_changes)

    @cached_property
    def contested(self) -> tuple[str, ...]:
        """Fields that both changed, to different ends: each has to be decided."""
        theirs = {field.field: field for field in self.theirs.fields}
        return tuple(
            name
            for name in self.draft.changed
            if name in self.their_changes and self.draft.field(name) != theirs.get(name)
        )

    def decided(self, choices: Mapping[str, Choice]) -> bool:
        """Whether every contested field has been decided."""
        return all(name in choices for name in self.contested)

    def on_top(self, choices: Mapping[str, Choice]) -> Draft:
        """My changes laid over their version; KeyError when a contested field is not decided."""
        mine = {*self.mine_alone, *(name for name in self.contested if choices[name] is Choice.MINE)}
        fields = [self._of(field, mine) for field in self.theirs.fields]
        names = {field.field for field in self.theirs.fields}
        added = [field for field in self.draft.fields if field.field in mine and field.field not in names]
        return Draft(self.theirs, (*(field for field in fields if field is not None), *added))

    def _of(self, theirs: WaterfallField, mine: set[str]) -> WaterfallField | None:
        return self.draft.field(theirs.field) if theirs.field in mine else theirs
