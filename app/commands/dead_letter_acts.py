"""What `dead-letters` does to many letters: looked at first, then frozen, then started."""

from typing import Annotated

from cyclopts import Parameter

from app.commands.dead_letter_operations import follow, refuse_unasked, start, withdraw
from app.commands.dead_letter_selection import Picked
from app.commands.options import Common, Flag, Yes
from app.dead_letters_port import DeadLetters
from app.terminal import Terminal, duration
from backend.contracts.dead_letter_operations import (
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
Reason = Annotated[str, Parameter(help="Why; it is kept with your name.")]
All = Annotated[bool, Parameter(name="--all", negative="", help="Every letter that this can be done to.")]
TypedCount = Annotated[
    int | None, Parameter(help="For more than 10,000 letters: their number, as the preview says it.")
]
DryRun = Annotated[bool, Flag, Parameter(help="Say what would be done, and do nothing.")]


def retry(
    picked: Picked | None = None,
    *,
    reason: Reason,
    everything: All = False,
    pace: Annotated[
        float | None, Parameter(help="Letters a second; by omission as the providers' limits allow.")
    ] = None,
    canary: Annotated[int, Parameter(help="Size of the sample that goes first; 0: none.")] = 20,
    accept: Annotated[
        float | None, Parameter(help="Go on by itself when this share of the sample succeeded, 0 to 1.")
    ] = None,
    count: TypedCount = None,
    dry_run: DryRun = False,
    detach: Annotated[bool, Flag, Parameter(help="Do not wait for its end.")] = False,
    yes: Yes = False,
    common: Common | None = None,
) -> int:
    """Send dead letters again: a sample first, then the rest at a pace the providers can take."""
    options = OperationOptions(per_second=pace, canary=canary, accept_share=accept)
    act = _Act(OperationKind.RETRY, reason, options, (S.FAILED, S.QUARANTINED))
    return act.run(picked, everything, common, count=count, dry_run=dry_run, detach=detach, yes=yes)


def discard(
    picked: Picked | None = None,
    *,
    reason: Reason,
    everything: All = False,
    count: TypedCount = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    common: Common | None = None,
) -> int:
    """Let dead letters go. Their bytes are kept, and `undo` takes it back until they are purged."""
    act = _Act(OperationKind.DISCARD, reason, OperationOptions(canary=0), (S.FAILED, S.QUARANTINED))
    return act.run(picked, everything, common, count=count, dry_run=dry_run, yes=yes)


def quarantine(
    picked: Picked | None = None,
    *,
    reason: Reason,
    everything: All = False,
    count: TypedCount = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    common: Common | None = None,
) -> int:
    """Set dead letters aside: bulk retries leave them alone."""
    act = _Act(OperationKind.QUARANTINE, reason, OperationOptions(canary=0), (S.FAILED,))
    return act.run(picked, everything, common, count=count, dry_run=dry_run, yes=yes)


def release(
    picked: Picked | None = None,
    *,
    reason: Reason,
    everything: All = False,
    count: TypedCount = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    common: Common | None = None,
) -> int:
    """Take dead letters out of quarantine."""
    act = _Act(OperationKind.RELEASE, reason, OperationOptions(canary=0), (S.QUARANTINED,))
    return act.run(picked, everything, common, count=count, dry_run=dry_run, yes=yes)


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
        self,
        kind: OperationKind,
        reason: str,
        options: OperationOptions,
        states: tuple[DeadLetterState, ...],
    ) -> None:
        self._kind = kind
        self._reason = reason
        self._options = options
        self._states = states

    def run(
        self,
        picked: Picked | None,
        everything: bool,
        common: Common | None,
        *,
        count: int | None,
        dry_run: bool,
        yes: bool,
        detach: bool = False,
    ) -> int:
        """Preview, ask, freeze, start, and follow unless detached."""
        picked, common = picked or Picked(), common or Common()
        if picked.is_everything and not everything:
            raise OperatorError(
                "Say which letters: --query, --cause or --id, or --all for every one.",
                exit_code=ExitCode.USAGE,
            )
        terminal, letters = common.terminal(), common.composition().dead_letters()
        request = self._request(letters, picked)
        preview = letters.preview(common.environment, request)
        _tell(terminal, preview)
        if dry_run or not preview.acting:
            return ExitCode.DONE
        if not yes:
            refuse_unasked(terminal, preview.acting, self._kind.value.capitalize())
        made = letters.freeze(common.environment, request)
        if preview.counts_are_exact and made.total != preview.acting:
            withdraw(common, letters, made)
            raise OperatorError(
                f"It would act on {made.total} letters now, not on {preview.acting}. Nothing was done.",
                "Look again with --dry-run, then decide.",
                exit_code=ExitCode.REFUSED,
            )
        start(common, letters, made, count)
        return ExitCode.DONE if detach else follow(common, letters, made.id)

    def _request(self, letters: DeadLetters, picked: Picked) -> OperationRequest:
        return OperationRequest(
            kind=self._kind,
            selection=picked.selection(self._states),
            options=self._options,
            author=letters.operator(),
            reason=self._reason,
            title=picked.query or picked.cause or self._kind.value.capitalize(),
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
