"""`ci-deploy`: a deployment without anybody at the keyboard, with artifacts and notifications."""

import os
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from app.commands.ci_artifacts import collect
from app.commands.ci_log import CiLog, CiTerminal
from app.composition import Composition
from app.endings import INTERRUPTED, unforeseen
from app.environments import SANDBOX
from app.follow import Follower
from backend.contracts.errors import OperatorError
from backend.contracts.runs import DeployOptions, ExitCode
from backend.deployment.notifications import Addresses, Message, notify, push_metrics
from backend.home import Home


def ci_deploy(
    *,
    environment: Annotated[str | None, Parameter(help="Target; else CI_ENVIRONMENT, else sandbox.")] = None,
    notify_people: Annotated[
        bool, Parameter(name="--notify", negative="", help="Tell Slack and Discord.")
    ] = False,
    json_lines: Annotated[bool, Parameter(name="--json", negative="", help="Always on here.")] = True,
) -> int:
    """Deploy from a pipeline. Reads CI_BUILD_ID, CI_ARTIFACT_DIR and the webhooks from the environment."""
    del json_lines  # accepted like everywhere; this command prints nothing else
    name = environment or os.environ.get("CI_ENVIRONMENT") or SANDBOX
    build = os.environ.get("CI_BUILD_ID") or str(int(time.time()))
    log = CiLog(build, name)
    addresses = Addresses(
        slack=os.environ.get("SLACK_WEBHOOK_URL") if notify_people else None,
        discord=os.environ.get("DISCORD_WEBHOOK_URL") if notify_people else None,
        pushgateway=os.environ.get("PROMETHEUS_PUSHGATEWAY"),
    )
    started = time.monotonic()
    _tell(log, addresses, Message("info", "Deployment started", "started", name, build))
    composition = Composition(Home.from_process_environment())
    code = _judge(composition, name, log, build)
    seconds = time.monotonic() - started
    with log.warns_only("The metrics could not be pushed"):
        for problem in push_metrics(addresses, name, seconds, code == ExitCode.DONE):
            log.write("warn", problem)
    _tell(log, addresses, _outcome(code, name, build, seconds))
    return code


def _judge(composition: Composition, name: str, log: CiLog, build: str) -> int:
    """Deploy; the exit code, also when it could not be started or something unforeseen came up."""
    try:
        return _deploy(composition, name, log, build)
    except OperatorError as error:
        problem = error
    except Exception as error:  # noqa: BLE001 - people must be told in this case above all
        problem = unforeseen(error)
    log.write("error", problem.message, remedy=problem.remedy)
    return problem.exit_code


def _deploy(composition: Composition, name: str, log: CiLog, build: str) -> int:
    profile = composition.environments.get(name)
    options = DeployOptions(watch_minutes=profile.default_watch_minutes, reason=f"CI build {build}")
    if composition.write_access.state(profile).read_only:
        # Nobody is at a pipeline's keyboard: calling it by name is the explicit act, and it is noted as one.
        composition.write_access.unlock(profile, 1, f"ci-deploy of build {build}")
        log.write("info", "unlocked for a minute to start the run")
    run_id = composition.runs().start_deploy(name, options)
    log.write("info", "run started", run=run_id)
    try:
        return Follower(composition.reader, CiTerminal(log)).follow(run_id)
    finally:
        folder = Path(os.environ.get("CI_ARTIFACT_DIR") or "artifacts").absolute()
        collect(composition, name, run_id, folder, log)


def _tell(log: CiLog, addresses: Addresses, message: Message) -> None:
    log.write("error" if message.status == "failure" else "info", message.title, text=message.text)
    for problem in notify(addresses, message):
        log.write("warn", problem)


def _outcome(code: int, environment: str, build: str, seconds: float) -> Message:
    if code == ExitCode.DONE:
        return Message("success", "Deployment succeeded", f"after {seconds:.0f} s", environment, build)
    if code == ExitCode.ROLLBACK_FAILED:
        text = "The deployment failed and its rollback failed too. Somebody has to look now."
        return Message("failure", "Rollback failed", text, environment, build)
    texts = {
        ExitCode.FAILED: "The deployment failed; what had to be rolled back was rolled back.",
        ExitCode.LOCKED: "Another deployment holds the lock. Nothing was changed.",
        ExitCode.REFUSED: "The deployment was refused before anything changed.",
        ExitCode.INCONCLUSIVE: "The deployment could not be judged.",
        INTERRUPTED: "Nobody follows the deployment any more; it goes on by itself.",
    }
    return Message(
        "warning", "Deployment did not succeed", texts.get(code, f"exit {code}"), environment, build
    )
