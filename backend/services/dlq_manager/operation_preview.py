"""What an operation would do, counted before anything happens: by the tallies if they know, else by rows."""

from collections import Counter
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from backend.contracts.dead_letter_operations import OperationKind, OperationPreview, OperationRequest, Share
from backend.contracts.dead_letters import DeadLetterState
from backend.services.common.database import Pool
from backend.services.dlq_manager.cause_words import cause_title
from backend.services.dlq_manager.consent import needs_typed_count
from backend.services.dlq_manager.music_readings import MusicReadings
from backend.services.dlq_manager.operation_rules import SENDING, acting_states, check_request, why_skipped
from backend.services.dlq_manager.patch_steps import read_patch
from backend.services.dlq_manager.patch_trial import try_patch
from backend.services.dlq_manager.provider_limits import ProviderLimits, estimate, why_held_back
from backend.services.dlq_manager.refusals import RefusedError
from backend.services.dlq_manager.selection_counts import AGES, Counts, count_rows
from backend.services.dlq_manager.selection_sql import compile_selection
from backend.services.dlq_manager.superseded_count import count_superseded, newest_keys
from backend.services.dlq_manager.tally_counts import can_tally, count_tallies, is_even
from backend.services.dlq_manager.transitions import Connection

_COUNT_MS = 900
_MOST_CAUSES = 20
_TITLES = """
SELECT fingerprint, sample_message, provider, error_type FROM dead_letters.causes WHERE fingerprint = ANY(%s)
"""


class OperationPreviews:
    """Looks and changes nothing. psycopg errors pass."""

    def __init__(self, pool: Pool, limits: ProviderLimits, music: MusicReadings) -> None:
        self._pool = pool
        self._limits = limits
        self._music = music

    async def preview(self, request: OperationRequest) -> OperationPreview:
        """RefusedError when the request makes no sense; an undo is counted when it is made."""
        check_request(request)
        if request.kind is OperationKind.UNDO:
            raise RefusedError(
                "An undo acts on what the operation did; make it, it starts nothing by itself."
            )
        chosen, arguments = compile_selection(request.selection)
        async with self._pool.connection() as connection:
            counts = await _counted(connection, request, chosen, arguments)
            acting = acting_states(request)
            titles = await _titles(connection, counts, acting)
            found = _preview(request, counts, acting, titles)
            if request.options.patch is not None and found.acting:
                found = await _tried(connection, request, found, chosen, arguments)
            if request.kind not in SENDING:
                return found
            states = sorted(state.value for state in acting)
            keys = await newest_keys(connection, chosen, arguments, states)
        superseded = {"superseded": await count_superseded(self._music, keys), "superseded_of": len(keys)}
        return await self._priced(request, found.model_copy(update=superseded))

    async def _priced(self, request: OperationRequest, found: OperationPreview) -> OperationPreview:
        """With what it costs the providers and how long it takes."""
        costs = await self._music.calls_per_track()
        statuses = await self._limits.now()
        calls = {provider: cost * found.acting for provider, cost in (costs or {}).items()}
        options = request.options
        share = options.budget_share if options.respect_budget else None
        told = estimate(found.acting, calls, statuses, per_second=options.per_second, share=share)
        warnings = [
            f"{provider} cannot be called now: {why}."
            for provider in calls
            if provider in statuses and (why := why_held_back(statuses[provider]))
        ]
        if costs is None:
            warnings.append("The music database cannot be asked, so the provider calls are not known.")
        elif not costs:
            warnings.append("No track was enriched lately, so the provider calls are not known.")
        if not statuses:
            warnings.append("The gateway does not answer, so the providers' limits are not known.")
        return found.model_copy(
            update={
                "calls": [Share(name=name, count=round(count)) for name, count in sorted(calls.items())],
                "seconds": told.seconds,
                "budget_share": told.budget_share,
                "needs_typed_count": needs_typed_count(found.acting, told.budget_share),
                "warnings": [*found.warnings, *warnings],
            }
        )


async def _counted(
    connection: Connection, request: OperationRequest, chosen: sql.Composable, arguments: dict[str, Any]
) -> Counts:
    if can_tally(request.selection) and is_even(request.selection):
        return await count_tallies(connection, request.selection)
    return await count_rows(connection, chosen, arguments, _COUNT_MS)


async def _titles(
    connection: Connection, counts: Counts, acting: frozenset[DeadLetterState]
) -> dict[str, str]:
    causes = {cause for state, cause in counts.causes if state in acting}
    cursor = connection.cursor(row_factory=dict_row)
    rows = await (await cursor.execute(_TITLES, (sorted(causes),))).fetchall()
    return {row["fingerprint"]: cause_title(row) for row in rows}


def _preview(
    request: OperationRequest, counts: Counts, acting: frozenset[DeadLetterState], titles: dict[str, str]
) -> OperationPreview:
    skipped: Counter[str] = Counter()
    for state, count in counts.by_state.items():
        if state not in acting:
            skipped[why_skipped(state)] += count
    causes: Counter[str] = Counter()
    for (state, cause), count in counts.causes.items():
        if state in acting:
            causes[titles.get(cause, cause)] += count
    providers: Counter[str] = Counter()
    for (state, provider), count in counts.providers.items():
        if state in acting:
            providers[provider or "no provider alone"] += count
    ages: Counter[str] = Counter()
    for (state, age), count in counts.ages.items():
        if state in acting:
            ages[AGES[age]] += count
    number = counts.within(acting)
    warnings = [f"Counting stopped at {counts.total}: there are more."] if counts.capped else []
    return OperationPreview(
        kind=request.kind,
        matching=counts.total,
        acting=number,
        counts_are_exact=counts.exact,
        skipped=_shares(skipped),
        by_cause=_shares(causes)[:_MOST_CAUSES],
        by_provider=_shares(providers),
        by_age=[Share(name=age, count=ages[age]) for age in AGES if ages[age]],
        calls=[],
        seconds=None,
        needs_typed_count=needs_typed_count(number, None),
        warnings=warnings,
    )


async def _tried(
    connection: Connection,
    request: OperationRequest,
    found: OperationPreview,
    chosen: sql.Composable,
    arguments: dict[str, Any],
) -> OperationPreview:
    steps = read_patch(request.options.patch or [])
    states = sorted(state.value for state in acting_states(request))
    acting = sql.SQL("({}) AND m.state = ANY(%(acting)s)").format(chosen)
    trial, is_whole = await try_patch(
        connection, steps, acting, {**arguments, "acting": states}, found.acting
    )
    told = [] if is_whole else ["The patch was tried on a sample: there are too many letters for all."]
    return found.model_copy(update={"patch": trial, "warnings": [*found.warnings, *told]})


def _shares(counter: Counter[str]) -> list[Share]:
    return [Share(name=name, count=count) for name, count in counter.most_common() if count]
