"""What the editor says of the waterfall as a whole, and what stands there when there is none to edit."""

from dataclasses import dataclass

from backend.contracts.errors import OperatorError
from backend.contracts.waterfall import WaterfallConfiguration
from controllers.breakers_head import LOOK_AGAIN, Empty
from controllers.marks import Mark, Shape
from controllers.waterfall_edits import Draft
from controllers.waterfall_words import draft_words
from controllers.wording import local_stamp


@dataclass(frozen=True)
class Head:
    """The pill beside the title, and what the buttons say."""

    words: str
    tone: str
    explanation: str
    apply: str


def head_words(draft: Draft, newest: WaterfallConfiguration | None, *, conflict: bool) -> Head:
    """`Draft on v7 · 2 fields changed`, and `Review and apply v8…`."""
    base, changed = draft.base, draft.changed
    latest = max(base.version, newest.version if newest is not None else 0)
    tone = "bad" if conflict else "warn" if changed else "ok"
    by = f"by {base.author}, {local_stamp(base.activated_at)}" if base.author else ""
    comment = f" · {base.comment}" if base.comment else ""
    return Head(
        draft_words(base.version, changed), tone, f"{by}{comment}", f"Review and apply v{latest + 1}…"
    )


def empty_words(draft: Draft | None, error: OperatorError | None, *, deployed: bool) -> Empty | None:
    """What stands in place of the screen; none when there is a configuration to edit."""
    if not deployed:
        return Empty(
            Mark(Shape.WAITING, "muted", "nothing deployed"),
            "Nothing is deployed here yet",
            "The waterfall belongs to metadata-enrichment. It can be edited once that runs.",
            "Deploy…",
            "deploy.new",
        )
    if draft is None and error is not None:
        return Empty(
            Mark(Shape.UNKNOWN, "warn", "unknown"),
            "The waterfall cannot be read",
            f"{error.sentence()} It is asked again every few seconds.",
            "Look again",
            LOOK_AGAIN,
        )
    if draft is None:
        return Empty(Mark(Shape.WORKING, "accent", "reading"), "Reading the waterfall…", "")
    return None
