"""Step 10: watches the stack after a deployment and judges it with three values.

Fail: something went wrong three looks in a row, a service logged errors, or health answers became slow.
Pass: nothing did, and a track went through all layers during the watch. Inconclusive: there was too little
to judge; rows that were there before never count as data of the watch.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from backend.clients.services import ServiceClient
from backend.contracts.enrichment import EnrichRequest
from backend.contracts.environment import SERVICES
from backend.contracts.errors import OperatorError
from backend.contracts.runs import (
    Control,
    CriterionState,
    ExitCode,
    Finding,
    Run,
    RunKind,
    RunState,
    StepState,
)
from backend.deployment import playbook
from backend.deployment.checks.health import check_breakers, judge_service
from backend.deployment.checks.smoke import send_through
from backend.deployment.context import RunContext, StepReport
from backend.deployment.journal import now
from backend.deployment.steps.services import is_error_line

LOOK_SECONDS = 5.0
FAILED_LOOKS = 3
"""So many bad looks in a row are a failure; one may be a hiccup."""
PROBE_SECONDS = 60.0
"""How often a track of the watch's own goes through, so that there is data to judge."""
SLOW_MS = 1000.0
"""A health answer takes a few milliseconds; a median above this is a finding."""
_NEWER_RUNS = 20


@dataclass
class _Seen:
    log_positions: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    bad_looks: int = 0
    looks: int = 0
    last_bad: str = ""
    breakers: Finding | None = None
    last_probe: float | None = None
    probes: int = 0
    passed_probes: int = 0
    failed: str = ""

    def latency(self) -> float:
        """The median of the health answers, in milliseconds."""
        return median(self.latencies) if self.latencies else 0.0

    def flow(self) -> str:
        """How many of the watch's own tracks reached Gold."""
        return f"{self.passed_probes} of {self.probes} probe tracks went through Bronze, Silver and Gold"


class RollBackAskedError(Exception):
    """The operator asked the watch to end and the deployment to be taken back."""


class Watch:
    """Watches until the time is up, a newer run begins, or the operator ends it."""

    def __init__(self, context: RunContext, run: Run) -> None:
        self._context = context
        self._run = run
        planned = next(s for s in run.plan.steps if s.key == playbook.WATCH)
        self._report = StepReport(context.journal, run.id, planned)

    def execute(self) -> int:
        """Watch, judge, and return the exit code that the journal has too.

        Raises RollBackAskedError when the operator wants the deployment taken back.
        """
        self._context.journal.start_step(self._run.id, playbook.WATCH)
        until = self._context.reader.run(self._run.id).watch_until or now()
        seen = self._begin()
        while True:
            ended = self._ended_early(seen)
            if ended is not None:
                return ended
            self._look(seen)
            if seen.failed:
                return self._end(seen, RunState.FAILED, StepState.FAILED, seen.failed, ExitCode.FAILED)
            if now() >= until:
                return self._judge(seen)
            time.sleep(min(LOOK_SECONDS, max(0.0, _seconds_until(until))))

    def _begin(self) -> _Seen:
        seen = _Seen()
        for service in SERVICES:
            _, seen.log_positions[service] = self._context.target.log_since(service, None)
        return seen

    def _look(self, seen: _Seen) -> None:
        seen.looks += 1
        self._read_logs(seen)
        with self._context.client(timeout=3) as client:
            self._send_probe(client, seen)
            answers = {name: client.health(name, self._run.plan.release) for name in SERVICES}
            seen.breakers = check_breakers(client)
        seen.latencies += [answer.milliseconds for answer in answers.values() if answer.ok]
        findings = [*(judge_service(answer, name) for name, answer in answers.items()), seen.breakers]
        self._count(findings, seen)
        self._tell(findings, seen)

    def _read_logs(self, seen: _Seen) -> None:
        for service in SERVICES:
            lines, position = self._context.target.log_since(service, seen.log_positions[service])
            seen.log_positions[service] = position
            for line in filter(is_error_line, lines):
                seen.errors.append(line)
                self._report.output(service, line)

    def _count(self, findings: list[Finding], seen: _Seen) -> None:
        bad = [f for f in findings if f.state is not CriterionState.MET]
        seen.bad_looks = seen.bad_looks + 1 if bad else 0
        if bad:
            seen.last_bad = f"{bad[0].title}: {bad[0].evidence}"
            self._report.output("watch", seen.last_bad)
        if seen.bad_looks >= FAILED_LOOKS:
            seen.failed = f"{seen.last_bad}, {FAILED_LOOKS} looks in a row. Judge whether to roll back."

    def _send_probe(self, client: ServiceClient, seen: _Seen) -> None:
        if seen.last_probe is not None and time.monotonic() - seen.last_probe < PROBE_SECONDS:
            return
        seen.last_probe = time.monotonic()
        seen.probes += 1
        track = EnrichRequest(
            track_id="watch-probe-001", artist_name="Deadmau5", track_title="Strobe", force_refresh=True
        )
        try:
            passed, evidence = send_through(self._context.target, client, track)
        except OperatorError as error:
            passed, evidence = False, error.message
        seen.passed_probes += passed
        self._report.output("watch", f"probe track: {evidence}")

    def _tell(self, findings: Sequence[Finding], seen: _Seen) -> None:
        healthy = sum(1 for f in findings if f.state is CriterionState.MET)
        errors = CriterionState.FAILED if seen.errors else CriterionState.CHECKING
        self._report.criterion("log", errors, f"{len(seen.errors)} errors so far")
        health = (
            f"{healthy} of {len(findings)} well, median answer {seen.latency():.0f} ms, look {seen.looks}"
        )
        self._report.criterion("metrics", CriterionState.CHECKING, health)
        breakers = findings[-1]
        self._report.criterion("breakers", breakers.state, breakers.evidence)
        self._report.criterion("flow", CriterionState.CHECKING, seen.flow())

    def _judge(self, seen: _Seen) -> int:
        problem = ""
        if seen.errors:
            problem = f"{len(seen.errors)} errors were logged during the watch."
        elif seen.latency() > SLOW_MS:
            problem = f"Health answers took {seen.latency():.0f} ms in the median during the watch."
        if problem:
            text = f"{problem} Judge whether to roll back."
            return self._end(seen, RunState.FAILED, StepState.FAILED, text, ExitCode.FAILED)
        if not seen.passed_probes:
            text = "The watch saw too little to judge: no track of its own reached Gold."
            return self._end(seen, RunState.INCONCLUSIVE, StepState.FAILED, text, ExitCode.INCONCLUSIVE)
        text = f"Release {self._run.plan.release} is deployed, verified and was watched without a finding."
        return self._end(seen, RunState.SUCCEEDED, StepState.DONE, text, ExitCode.DONE)

    def _ended_early(self, seen: _Seen) -> int | None:
        newer = self._newer_run()
        if newer is not None:
            text = f"The watch ended because {newer.id} began."
            return self._end(seen, RunState.SUPERSEDED, StepState.SKIPPED, text, ExitCode.DONE)
        control = self._context.journal.take_control(self._run.id)
        if control is Control.STOP_AND_ROLL_BACK:
            self._settle(seen)
            text = "Ended to roll the deployment back."
            self._context.journal.finish_step(self._run.id, playbook.WATCH, StepState.SKIPPED, text)
            raise RollBackAskedError
        if control is Control.STOP:
            text = f"Release {self._run.plan.release} is deployed and verified; the watch was ended early."
            return self._end(seen, RunState.SUCCEEDED, StepState.SKIPPED, text, ExitCode.DONE)
        return None

    def _newer_run(self) -> Run | None:
        """A later run that has begun to change things."""
        for run in self._context.reader.runs(self._run.environment, limit=_NEWER_RUNS):
            if run.id == self._run.id:
                return None
            if has_begun(run):
                return run
        return None

    def _end(self, seen: _Seen, state: RunState, step: StepState, message: str, code: int) -> int:
        self._settle(seen)
        self._context.journal.finish_step(self._run.id, playbook.WATCH, step, message)
        self._context.journal.set_run(self._run.id, state, message, exit_code=code)
        return code

    def _settle(self, seen: _Seen) -> None:
        """No criterion is left as being looked at once nobody looks any more."""
        if seen.breakers is None:
            for criterion in ("log", "metrics", "flow", "breakers"):
                text = "the watch ended before its first look"
                self._report.criterion(criterion, CriterionState.UNKNOWN, text)
            return
        well = not seen.failed and seen.latency() <= SLOW_MS
        health = seen.failed or f"median answer {seen.latency():.0f} ms in {seen.looks} looks"
        self._report.criterion("metrics", CriterionState.MET if well else CriterionState.FAILED, health)
        log = CriterionState.FAILED if seen.errors else CriterionState.MET
        self._report.criterion("log", log, f"{len(seen.errors)} errors in {seen.looks} looks")
        flow = CriterionState.MET if seen.passed_probes else CriterionState.UNKNOWN
        self._report.criterion("flow", flow, seen.flow())


def has_begun(run: Run) -> bool:
    """Whether a run got so far that it may have changed something: validation alone changes nothing."""
    if run.state in (RunState.PREPARING, RunState.LOCKED, RunState.REFUSED):
        return False
    begun = [s.plan.key for s in run.steps if s.state not in (StepState.PENDING, StepState.SKIPPED)]
    return run.kind is RunKind.ROLLBACK or any(key != playbook.VALIDATE for key in begun)


def _seconds_until(until: datetime) -> float:
    return (until - now()) / timedelta(seconds=1)
