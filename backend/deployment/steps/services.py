"""Steps 5 and 6: starting services from the release, one after the other, each proved before the next."""

import json
import re
import time
from collections.abc import Sequence
from typing import NoReturn

from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY
from backend.contracts.runs import ProbeState
from backend.contracts.stack import ServiceState, ServiceStatus
from backend.deployment import playbook
from backend.deployment.context import Probe, RunContext, StepFailedError, StepReport

HEALTH_SECONDS = 45.0
"""How long a service may take to become healthy before the step fails."""
STABLE_SECONDS = 1.5
"""How long it must stay up without a restart."""
_POLL_SECONDS = 0.1
_LOG_LINES = 30
_TRACEBACK_END = re.compile(r"[\w.]*(Error|Exception|Exit|Interrupt)\b")


def status_of(context: RunContext, service: str) -> ServiceStatus:
    """The service as the target sees it now."""
    return next(s for s in context.target.services() if s.name == service)


def start_and_prove(context: RunContext, report: StepReport, service: str) -> None:
    """Start `service` on the run's release and wait until it is healthy.

    One that already runs on the release and is healthy is left alone. Raises StepFailedError with the
    last lines of its log when it crashes, does not become healthy, or is restarted within STABLE_SECONDS.
    """
    now = status_of(context, service)
    if now.release != context.release or now.process_id is None:
        report.checking(f"started-{service}")
        context.target.start_service(service, context.release, report.output)
    process = _wait_for_process(context, report, service)
    seen = time.monotonic()
    _wait_for_health(context, report, service)
    _prove_stable(context, report, service, process, until=seen + STABLE_SECONDS)


def _wait_for_process(context: RunContext, report: StepReport, service: str) -> int:
    deadline = time.monotonic() + HEALTH_SECONDS
    while True:
        status = status_of(context, service)
        if status.process_id is not None:
            report.met(f"started-{service}", f"process {status.process_id}, release {status.release}")
            return status.process_id
        if status.state is ServiceState.CRASHED or time.monotonic() > deadline:
            _give_up(context, report, service, f"started-{service}", _crash(context, status))
        time.sleep(_POLL_SECONDS)


def _wait_for_health(context: RunContext, report: StepReport, service: str) -> None:
    report.checking(f"healthy-{service}")
    deadline = time.monotonic() + HEALTH_SECONDS
    with context.client(timeout=2) as client:
        while True:
            answer = client.health(service, context.release)
            if answer.ok and answer.value("status") == "healthy":
                report.output("probe", f"GET {service}/health {answer.sentence()}  status healthy")
                report.met(f"healthy-{service}", answer.sentence())
                return
            status = status_of(context, service)
            if status.state is ServiceState.CRASHED:
                cause = _crash(context, status)
                if answer.error.startswith("another program"):
                    cause = f"{cause}; {answer.error}"
                _give_up(context, report, service, f"healthy-{service}", cause)
            if time.monotonic() > deadline:
                said = answer.value("status") or answer.sentence()
                cause = f"{service} did not become healthy within {HEALTH_SECONDS:.0f} s: {said}"
                _give_up(context, report, service, f"healthy-{service}", cause)
            time.sleep(_POLL_SECONDS)


def _crash(context: RunContext, status: ServiceStatus) -> str:
    """That a service crashed, in the words of its own log: the supervisor knows only that it ended."""
    words = last_words(context.target.last_log_lines(status.name, _LOG_LINES))
    return f"{status.name} crashed: {words or status.detail}"


def _give_up(context: RunContext, report: StepReport, service: str, criterion: str, cause: str) -> NoReturn:
    for line in context.target.last_log_lines(service, _LOG_LINES):
        report.output(service, line)
    report.failed(criterion, cause)
    raise StepFailedError(f"{cause}. Its last log lines are in the output.")


def _prove_stable(
    context: RunContext, report: StepReport, service: str, process: int, *, until: float
) -> None:
    """Look until the time is up whether it is still the process that was started."""
    while True:
        status = status_of(context, service)
        if status.process_id != process:
            cause = f"{_crash(context, status)} (it was restarted after it had started)"
            _give_up(context, report, service, f"healthy-{service}", cause)
        if time.monotonic() >= until:
            return
        time.sleep(_POLL_SECONDS)


def _probe(context: RunContext, services: tuple[str, ...]) -> Probe:
    on_release = [s for s in services if _runs(context, s)]
    text = f"running on {context.release}: {', '.join(on_release) or 'none'}"
    if len(on_release) == len(services):
        return Probe(ProbeState.DONE, text)
    return Probe(ProbeState.PARTIAL if on_release else ProbeState.ABSENT, text)


def _runs(context: RunContext, service: str) -> bool:
    status = status_of(context, service)
    return status.release == context.release and status.process_id is not None


class NewServicesStep:
    """Step 5: gateway, then DLQ manager."""

    key = playbook.NEW_SERVICES

    def act(self, context: RunContext, report: StepReport) -> str:
        """Start both on the run's release."""
        for service in (GATEWAY, DLQ_MANAGER):
            start_and_prove(context, report, service)
        report.met("stable", f"each {STABLE_SECONDS:.1f} s without a restart")
        return f"{GATEWAY} and {DLQ_MANAGER} healthy"

    def probe(self, context: RunContext) -> Probe:
        """Which of the two run on the release."""
        return _probe(context, (GATEWAY, DLQ_MANAGER))


class UpdateServicesStep:
    """Step 6: metadata-enrichment on the new release and configuration."""

    key = playbook.UPDATE_SERVICES

    def act(self, context: RunContext, report: StepReport) -> str:
        """Restart it, see its waterfall and its log."""
        _, log_position = context.target.log_since(ENRICHMENT, None)
        start_and_prove(context, report, ENRICHMENT)
        self._check_waterfall(context, report)
        self._check_log(context, report, log_position)
        return f"{ENRICHMENT} healthy on {context.release}"

    def probe(self, context: RunContext) -> Probe:
        """Whether it runs on the release."""
        return _probe(context, (ENRICHMENT,))

    def _check_waterfall(self, context: RunContext, report: StepReport) -> None:
        with context.client() as client:
            answer = client.waterfall()
        sources = answer.value("waterfall_sources")
        if not isinstance(sources, dict) or not sources:
            report.failed("waterfall", answer.sentence())
            raise StepFailedError(f"{ENRICHMENT} has no waterfall sources loaded ({answer.sentence()}).")
        report.met("waterfall", ", ".join(sources))

    def _check_log(self, context: RunContext, report: StepReport, position: int) -> None:
        lines, _ = context.target.log_since(ENRICHMENT, position)
        errors = [line for line in lines if is_error_line(line)]
        if errors:
            report.output(ENRICHMENT, errors[0])
            report.failed("log", f"{len(errors)} errors")
            raise StepFailedError(f"{ENRICHMENT} logged {len(errors)} errors while it started.")
        report.met("log", f"{len(lines)} lines, no error")


def is_error_line(line: str) -> bool:
    """Whether a line of a service's structured log tells of an error."""
    return '"level":"error"' in line.replace(" ", "") or '"level":"critical"' in line.replace(" ", "")


def last_words(lines: Sequence[str]) -> str:
    """What a process said last of why it ended: its last error, else the end of a traceback or of the log."""
    said = [line.strip() for line in lines if line.strip()]
    errors = [line for line in said if is_error_line(line) or _TRACEBACK_END.match(line)]
    return _plain((errors or said)[-1]) if said else ""


def _plain(line: str) -> str:
    """The event of a structured line with its exception; any other line as it is."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict) or "event" not in entry:
        return line
    raised = entry.get("exception")
    cause = raised[-1] if isinstance(raised, list) and raised and isinstance(raised[-1], dict) else {}
    detail = f"{cause.get('exc_type', '')}: {cause.get('exc_value', '')}" if cause else ""
    return f"{entry['event']} ({detail})" if detail else str(entry["event"])
