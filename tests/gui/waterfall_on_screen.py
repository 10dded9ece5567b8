"""Reading and using the waterfall editor, for its tests."""

from collections.abc import Callable
from typing import TypeVar

from backend.contracts.waterfall import WaterfallConfiguration
from controllers.waterfall_edits import Draft
from tests.gui.sample.stage import Stage
from views.widgets.overlay import Overlay

EditorOpened = Callable[..., Stage]
DialogT = TypeVar("DialogT", bound=Overlay)


def draft_of(stage: Stage) -> Draft:
    draft = stage.console.waterfall.editor.draft
    assert draft is not None
    return draft


def order(stage: Stage, field: str = "label") -> list[str]:
    found = draft_of(stage).field(field)
    assert found is not None
    return [step.provider for step in found.sources]


def threshold(stage: Stage, provider: str, field: str = "label") -> float:
    found = draft_of(stage).field(field)
    assert found is not None
    return next(step.min_confidence for step in found.sources if step.provider == provider)


def reliability(stage: Stage, provider: str, field: str = "label") -> float:
    found = draft_of(stage).field(field)
    assert found is not None
    return next(step.reliability for step in found.sources if step.provider == provider)


def shown_fields(stage: Stage) -> list[str]:
    shown = stage.window.waterfall.fields.shown
    return [str(shown.index(place, 0).data()) for place in range(shown.rowCount())]


def dialog(stage: Stage, kind: type[DialogT]) -> DialogT:
    found = stage.window.waterfall.dialogs.current
    assert isinstance(found, kind)
    return found


def comes_first(stage: Stage, *reversed_fields: str, comment: str = "Mine first") -> WaterfallConfiguration:
    """Another operator puts a version in force that turns the order of some fields round."""
    fields = [
        field.model_copy(update={"sources": list(reversed(field.sources))})
        if field.field in reversed_fields
        else field
        for field in stage.waterfall.history[-1].fields
    ]
    return stage.waterfall.add_version(fields, "lea@desk-2", comment)
