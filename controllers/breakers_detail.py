"""What the details of a provider say, in the operator's words."""

from dataclasses import dataclass
from datetime import datetime

from backend.contracts.control import ControlAudit
from backend.contracts.live import FieldUse, ProviderImpact
from backend.contracts.providers import BreakerControl, BreakerState, BreakerStatus, ProviderStatus
from controllers.breakers_conditions import MARKS, condition_of
from controllers.breakers_rows import NONE, budget, countdown, gate_words, milliseconds, moment
from controllers.marks import Mark, Shape
from controllers.rows import Row
from controllers.wording import ago, count, local_stamp, rough, share, span

_NOT_READ = "Unknown: could not be read"
_ACTIONS = {
    "force_open": "Forced open",
    "disable": "Disabled",
    "shadow": "Shadow mode",
    "close": "Reset",
    "probe": "Test call",
    "forget_answers": "Cached answers forgotten",
}
_MOST_COVERING = 4


@dataclass(frozen=True)
class Fact:
    """One line: what it is, and what is known."""

    name: str
    value: str
    tone: str = ""


def state_facts(status: ProviderStatus, now: datetime) -> list[Fact]:
    """Why a provider is in its state, since when, and what comes next."""
    breaker = status.circuit_breaker
    since = Fact("Since", f"{moment(breaker.since, now)} ({ago(breaker.since, now)}) · epoch {breaker.epoch}")
    if breaker.control.control is BreakerControl.FORCED_OPEN:
        return [Fact("Next probe", "none while forced open"), since]
    match breaker.state:
        case BreakerState.CLOSED:
            return [since]
        case BreakerState.HALF_OPEN:
            after = Fact("Probes", _next_probe(breaker, now))
        case BreakerState.OPEN:
            after = Fact("Next probe", _next_probe(breaker, now))
    return [Fact("Opened by", breaker.reason or NONE), after, since]


def traffic_facts(status: ProviderStatus, now: datetime) -> list[Fact]:
    """What happens to a provider's calls."""
    gate = gate_words(status.rate_gate, now)
    why = f" · {status.rate_gate.reason}" if status.rate_gate.reason else ""
    facts = [
        Fact("Window", window_words(status.circuit_breaker)),
        Fact("Rate gate", f"{gate}{why}{_budget_words(status)}", _gate_tone(gate)),
        Fact("Last minute", _last_minute(status)),
        Fact("Response times", _response_times(status)),
        Fact("Cache", _cache_words(status)),
        Fact("Last error", _last_error(status, now)),
    ]
    if status.missing_credentials:
        facts.append(Fact("Credentials", f"missing: {status.missing_credentials}", "warn"))
    return facts


def impact_facts(impact: ProviderImpact | None, *, is_open: bool) -> list[Fact]:
    """The facts that are read from databases; none given: they could not be read."""
    if impact is None:
        return [Fact("Waterfall uses it for", _NOT_READ), Fact("Covered meanwhile by", _NOT_READ)]
    dead = "Dead letters while open" if is_open else "Dead letters, last hour"
    tone = "bad" if impact.dead_letters else ""
    facts = [
        Fact(dead, _NOT_READ if impact.dead_letters is None else count(impact.dead_letters), tone),
        Fact("Waterfall uses it for", _uses(impact.fields)),
        Fact("Covered meanwhile by" if is_open else "Values now come from", _covered(impact)),
    ]
    if impact.tracks:
        facts.append(Fact("Degraded tracks", f"{count(impact.tracks)} since {local_stamp(impact.since)}"))
    return facts


def endpoint_rows(status: ProviderStatus, now: datetime) -> list[Row]:
    """A row for each of the provider's breakers."""
    return [_endpoint_row(name, breaker, now) for name, breaker in status.endpoints.items()]


def audit_rows(entries: list[ControlAudit], now: datetime) -> list[Row]:
    """A row for each thing operators did, newest first."""
    mark = Mark(Shape.GO, "muted", "done")
    return [
        Row(
            str(each.id),
            mark,
            f"{_ACTIONS[each.action.value]} by {each.author}",
            f"{each.reason} · before: {each.before}",
            ago(each.at, now),
        )
        for each in entries
    ]


def forced_words(breaker: BreakerStatus, now: datetime) -> tuple[str, str]:
    """Who forced a breaker, until when, and why; empty when nobody did."""
    control = breaker.control
    if control.control is BreakerControl.AUTOMATIC:
        return "", ""
    word = MARKS[condition_of(breaker)].word.capitalize()
    until = f" until {moment(control.until, now)}" if control.until is not None else ""
    return f"{word} by {control.author}{until}", f"Reason: {control.reason}"


def window_words(breaker: BreakerStatus) -> str:
    """`7 of 34 calls failed in 60 s, 3 slow`, and how many are needed before anything is decided."""
    calls = breaker.calls_in_window
    if not calls:
        return f"no calls in {rough(breaker.window_seconds)}"
    slow = f", {count(breaker.slow_in_window)} slow" if breaker.slow_in_window else ""
    needed = (
        f" ({calls} of {breaker.minimum_calls} calls needed to judge)"
        if calls < breaker.minimum_calls
        else ""
    )
    failed = f"{count(breaker.failures_in_window)} of {count(calls)} calls failed"
    return f"{failed} in {rough(breaker.window_seconds)}{slow}{needed}"


def _next_probe(breaker: BreakerStatus, now: datetime) -> str:
    if breaker.state is BreakerState.HALF_OPEN:
        return f"{breaker.probes} of {breaker.probes_allowed} let through"
    words = countdown(breaker.retry_at, now)
    if breaker.retry_at is None or breaker.retry_at <= now:
        return words.removeprefix("probe ") or NONE
    return f"in {span((breaker.retry_at - now).total_seconds())}"


def _budget_words(status: ProviderStatus) -> str:
    gate = status.rate_gate
    words = f" · {budget(gate)}"
    if gate.waiting:
        words += f" · {count(gate.waiting)} waiting"
    if gate.documented_limit is not None and gate.documented_limit != gate.limit:
        words += f" · lowered from {count(gate.documented_limit)} by the provider's headers"
    return words


def _last_minute(status: ProviderStatus) -> str:
    traffic = status.traffic
    if not traffic.calls and not traffic.rejected:
        return "no calls"
    others = [
        f"{count(number)} {outcome.replace('_', ' ')}"
        for outcome, number in sorted(traffic.outcomes.items(), key=lambda item: -item[1])
        if number
    ]
    if traffic.rejected:
        others.append(f"{count(traffic.rejected)} refused by the breaker")
    calls = f"{count(traffic.calls)} {'call' if traffic.calls == 1 else 'calls'}"
    return f"{calls}: {', '.join(others)}" if others else calls


def _response_times(status: ProviderStatus) -> str:
    traffic = status.traffic
    if traffic.p50_ms is None:
        return NONE
    slow = status.circuit_breaker.slow_seconds
    line = f" · slow from {milliseconds(1000 * slow)}" if slow is not None else ""
    times = zip(("p50", "p95", "p99"), (traffic.p50_ms, traffic.p95_ms, traffic.p99_ms), strict=True)
    return " · ".join(f"{name} {milliseconds(value)}" for name, value in times) + line


def _cache_words(status: ProviderStatus) -> str:
    hits, misses = status.traffic.cache_hits, status.traffic.cache_misses
    if not hits + misses:
        return NONE
    return f"{share(hits, hits + misses)} of {count(hits + misses)} answers in the last minute"


def _gate_tone(words: str) -> str:
    return "" if words == "Flowing" else "bad" if words == "Blocked" else "warn"


def _last_error(status: ProviderStatus, now: datetime) -> str:
    error = status.traffic.last_error
    if error is None:
        return "none seen"
    where = f"{error.outcome.replace('_', ' ')} on {error.endpoint}, {ago(error.at, now)}"
    request = f" · request {error.response_id}" if error.response_id else ""
    return f"{error.detail} ({where}){request}" if error.detail else f"{where}{request}"


def _uses(fields: list[FieldUse] | None) -> str:
    if fields is None:
        return _NOT_READ
    return ", ".join(f"{use.field} (place {use.place})" for use in fields) or "nothing"


def _covered(impact: ProviderImpact) -> str:
    if impact.covered_by is None:
        return _NOT_READ
    shares = sorted(impact.covered_by.items(), key=lambda item: -item[1])[:_MOST_COVERING]
    if shares:
        return " · ".join(f"{name} {100 * part:.0f} %" for name, part in shares)
    followers = dict.fromkeys(name for use in impact.fields or () for name in use.followed_by)
    return f"no values yet; next in line: {', '.join(followers)}" if followers else "nobody"


def _endpoint_row(name: str, breaker: BreakerStatus, now: datetime) -> Row:
    mark = MARKS[condition_of(breaker)]
    after = _next_probe(breaker, now) if breaker.state is BreakerState.OPEN else ""
    trailing = f"{mark.word}, probe {after}" if after.startswith("in ") else mark.word
    return Row(name, mark, name, window_words(breaker), trailing)
