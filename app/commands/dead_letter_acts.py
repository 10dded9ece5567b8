"""What `dead-letters` does to many letters: looked at first, then frozen, then started."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from app.commands.dead_letter_operations import follow, refuse_unasked, start, withdraw
from app.commands.dead_letter_selection import Picked
from app.commands.options import Common, Flag, Yes
from app.dead_letters_port import DeadLetters
from app.terminal import Terminal, duration
from backend.contracts.dead_letter_operations import (
    Operation,
    OperationKind,
    OperationOptions,
    OperationPreview,
    OperationRequest,
)
from backend.contracts.dead_letter_views import Selection
from backend.contracts.dead_letters import DeadLetterState
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode

S = DeadLetterState
_AT_ONCE = OperationOptions(canary=0)
Reason = Annotated[str, Parameter(help="Why; it is kept with your name.")]


@Parameter(name="*")
@dataclass(frozen=True)
class Bulk:
    """What every act on many letters takes."""

    reason: Reason
    everything: Annotated[
        bool, Parameter(name="--all", negative="", help="Every letter that this can be done to.")
    ] = False
    count: Annotated[
        int | None, Parameter(help="For more than 10,000 letters: their number, as the preview says it.")
    ] = None
    dry_run: Annotated[bool, Flag, Parameter(help="Say what would be done, and do nothing.")] = False
    yes: Yes = False


def retry(
    picked: Picked | None = None,
    *,
    bulk: Bulk,
    pace: Annotated[
        float | None, Parameter(help="Letters a second; by omission as the providers' limits allow.")
    ] = None,
    canary: Annotated[int, Parameter(help="Size of the sample that goes first; 0: none.")] = 20,
    accept: Annotated[
        float | None, Parameter(help="Go on by itself when this share of the sample succeeded, 0 to 1.")
    ] = None,
    detach: Annotated[bool, Flag, Parameter(help="Do not wait for its end.")] = False,
    common: Common | None = None,
) -> int:
    """Send dead letters again: a sample first, then the rest at a pace the providers can take."""
    options = OperationOptions(per_second=pace, canary=canary, accept_share=accept)
    act = _Act(OperationKind.RETRY, options, (S.FAILED, S.QUARANTINED))
    return act.run(picked or Picked(), bulk, common or Common(), detach=detach)


def discard(picked: Picked | None = None, *, bulk: Bulk, common: Common | None = None) -> int:
    """Let dead letters go. Their bytes are kept, and `undo` takes it back until they are purged."""
    act = _Act(OperationKind.DISCARD, _AT_ONCE, (S.FAILED, S.QUARANTINED))
    return act.run(picked or Picked(), bulk, common or Common())


def quarantine(picked: Picked | None = None, *, bulk: Bulk, common: Common | None = None) -> int:
    """Set dead letters aside: bulk retries leave them alone."""
    return _Act(OperationKind.QUARANTINE, _AT_ONCE, (S.FAILED,)).run(
        picked or Picked(), bulk, common or Common()
    )


def release(picked: Picked | None = None, *, bulk: Bulk, common: Common | None = None) -> int:
    """Take dead letters out of quarantine."""
    return _Act(OperationKind.RELEASE, _AT_ONCE, (S.QUARANTINED,)).run(
        picked or Picked(), bulk, common or Common()
    )


def undo(operation: str, *, reason: Reason, common: Common | None = None) -> int:
    """Take a discard or a quarantine back, whole; what cannot be taken back is told."""
    common = common or Common()
    letters = common.composition().dead_letters()
    request = OperationRequest(
        kind=OperationKind.UNDO,
        selection=Selection(),
        author=letters.operator(),
        reason=reason,
        undoes=operation,
        title="Undo",
    )
    made = letters.freeze(common.environment, request)
    start(common, letters, made, made.total)
    return follow(common, letters, made.id)


class _Act:
    """One act on the letters that were picked."""

    def __init__(
        self, kind: OperationKind, options: OperationOptions, states: tuple[DeadLetterState, ...]
    ) -> None:
        self._kind = kind
        self._options = options
        self._states = states

    def run(self, picked: Picked, bulk: Bulk, common: Common, *, detach: bool = False) -> int:
        """Preview, ask, freeze, start, and follow unless detached."""
        if picked.is_everything and not bulk.everything:
            raise OperatorError(
                "Say which letters: --query, --cause or --id, or --all for every one.",
                exit_code=ExitCode.USAGE,
            )
        terminal, letters = common.terminal(), common.composition().dead_letters()
        request = self._request(letters, picked, bulk.reason)
        preview = letters.preview(common.environment, request)
        _tell(terminal, preview)
        if bulk.dry_run or not preview.acting:
            return ExitCode.DONE
        if not bulk.yes:
            refuse_unasked(terminal, preview.acting, self._kind.value.capitalize())
        made = letters.freeze(common.environment, request)
        _refuse_changed(common, letters, made, preview)
        start(common, letters, made, bulk.count)
        return ExitCode.DONE if detach else follow(common, letters, made.id)

    def _request(self, letters: DeadLetters, picked: Picked, reason: str) -> OperationRequest:
        return OperationRequest(
            kind=self._kind,
            selection=picked.selection(self._states),
            options=self._options,
            author=letters.operator(),
            reason=reason,
            title=picked.query or picked.cause or self._kind.value.capitalize(),
        )


def _refuse_changed(common: Common, letters: DeadLetters, made: Operation, preview: OperationPreview) -> None:
    """OperatorError when letters came or went since the preview: then nothing starts."""
    if preview.counts_are_exact and made.total != preview.acting:
        withdraw(common, letters, made)
        raise OperatorError(
            f"It would act on {made.total} letters now, not on {preview.acting}. Nothing was done.",
            "Look again with --dry-run, then decide.",
            exit_code=ExitCode.REFUSED,
        )


def _tell(terminal: Terminal, preview: OperationPreview) -> None:
    terminal.event("preview", **preview.model_dump(mode="json"))
    about = "" if preview.counts_are_exact else "about "
    terminal.say(f"{about}{preview.acting} of {preview.matching} letters:", "bold")
    for share in (*preview.by_cause[:5], *preview.by_age):
        terminal.say(f"  {share.count:>8}  {share.name}")
    for share in preview.skipped:
        terminal.say(f"  {share.count:>8}  left out: {share.name}")
    for share in preview.calls:
        terminal.say(f"  {share.count:>8}  calls to {share.name}")
    if preview.seconds is not None:
        terminal.say(f"  takes about {duration(preview.seconds)}")
    for warning in preview.warnings:
        terminal.say(warning, "yellow")
