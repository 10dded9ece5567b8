"""Step 10: watches the stack after a deployment and judges it with three values.

Fail: something went wrong three looks in a row, or a service logged errors. Pass: nothing did and there
was data. Inconclusive: there was too little to judge; no data never counts as success.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backend.clients.services import ServiceClient
from backend.contracts.enrichment import EnrichRequest
from backend.contracts.environment import SERVICES
from backend.contracts.errors import OperatorError
from backend.contracts.runs import Control, CriterionState, ExitCode, Finding, Run, RunState, StepState
from backend.database import medallion
from backend.deployment import playbook
from backend.deployment.checks.health import check_breakers, check_service
from backend.deployment.context import RunContext, StepReport
from backend.deployment.journal import now
from backend.deployment.steps.services import is_error_line

LOOK_SECONDS = 5.0
FAILED_LOOKS = 3
"""So many bad looks in a row are a failure; one may be a hiccup."""
PROBE_SECONDS = 60.0
"""How often a track of the watch's own goes through, so that there is data to judge."""


@dataclass
class _Seen:
    log_positions: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    bad_looks: int = 0
    looks: int = 0
    last_bad: str = ""
    last_probe: float = 0.0
    failed: str = ""


class Watch:
    """Watches until the time is up, a newer run begins, or the operator ends it."""

    def __init__(self, context: RunContext, run: Run) -> None:
        self._context = context
        self._run = run
        planned = next(s for s in run.plan.steps if s.key == playbook.WATCH)
        self._report = StepReport(context.journal, run.id, planned)

    def execute(self) -> int:
        """Watch, judge, and return the exit code that the journal has too."""
        self._context.journal.start_step(self._run.id, playbook.WATCH)
        until = self._context.reader.run(self._run.id).watch_until or now()
        seen = self._begin()
        while now() < until:
            ended = self._ended_early()
            if ended is not None:
                return ended
            self._look(seen)
            if seen.failed:
                return self._end(RunState.FAILED, StepState.FAILED, seen.failed, ExitCode.FAILED)
            time.sleep(min(LOOK_SECONDS, max(0.0, _seconds_until(until))))
        return self._judge(seen)

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
            findings = [*(check_service(client, s) for s in SERVICES), check_breakers(client)]
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
        if time.monotonic() - seen.last_probe < PROBE_SECONDS:
            return
        seen.last_probe = time.monotonic()
        track = EnrichRequest(
            track_id="watch-probe-001", artist_name="Deadmau5", track_title="Strobe", force_refresh=True
        )
        answer = client.enrich(track)
        self._report.output("watch", f"probe track: {answer.value('status') or answer.sentence()}")

    def _tell(self, findings: list[Finding], seen: _Seen) -> None:
        healthy = sum(1 for f in findings if f.state is CriterionState.MET)
        errors = CriterionState.FAILED if seen.errors else CriterionState.CHECKING
        self._report.criterion("log", errors, f"{len(seen.errors)} errors so far")
        self._report.criterion(
            "metrics", CriterionState.CHECKING, f"{healthy} of {len(findings)} well, look {seen.looks}"
        )
        breakers = findings[-1]
        self._report.criterion("breakers", breakers.state, breakers.evidence)
        self._report.criterion("flow", CriterionState.CHECKING, self._flow())

    def _flow(self) -> str:
        gold = self._gold()
        return "unknown" if gold is None else f"{gold} tracks in Gold"

    def _judge(self, seen: _Seen) -> int:
        if seen.errors:
            self._report.failed("log", f"{len(seen.errors)} errors")
            text = f"{len(seen.errors)} errors were logged during the watch. Judge whether to roll back."
            return self._end(RunState.FAILED, StepState.FAILED, text, ExitCode.FAILED)
        if not seen.looks or not self._gold():
            self._report.criterion("flow", CriterionState.UNKNOWN, "no track reached Gold")
            text = "The watch saw too little to judge: no track reached Gold."
            return self._end(RunState.INCONCLUSIVE, StepState.FAILED, text, ExitCode.INCONCLUSIVE)
        self._report.met("log", "no error")
        self._report.met("metrics", f"{seen.looks} looks")
        self._report.met("flow", self._flow())
        text = f"Release {self._run.plan.release} is deployed, verified and was watched without a finding."
        return self._end(RunState.SUCCEEDED, StepState.DONE, text, ExitCode.DONE)

    def _ended_early(self) -> int | None:
        newest = self._context.reader.runs(self._run.environment, limit=1)
        if newest and newest[0].id != self._run.id and newest[0].state is not RunState.LOCKED:
            text = f"The watch ended because {newest[0].id} began."
            return self._end(RunState.SUPERSEDED, StepState.SKIPPED, text, ExitCode.DONE)
        if self._context.journal.take_control(self._run.id) in (Control.STOP, Control.STOP_AND_ROLL_BACK):
            text = f"Release {self._run.plan.release} is deployed and verified; the watch was ended early."
            return self._end(RunState.SUCCEEDED, StepState.SKIPPED, text, ExitCode.DONE)
        return None

    def _gold(self) -> int | None:
        try:
            counts = medallion.layer_counts(self._context.target.musicdb())
        except OperatorError:
            return None
        return counts.gold if counts else None

    def _end(self, state: RunState, step: StepState, message: str, code: int) -> int:
        self._context.journal.finish_step(self._run.id, playbook.WATCH, step, message)
        self._context.journal.set_run(self._run.id, state, message, exit_code=code)
        return code


def _seconds_until(until: datetime) -> float:
    return (until - now()) / timedelta(seconds=1)
