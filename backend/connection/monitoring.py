"""Whether Prometheus and Grafana are where the profile says."""

from collections.abc import Sequence

from backend.connection.check import Deadline, finding, met
from backend.contracts.runs import CriterionState, Finding
from backend.http import httpx

_TITLES = {"prometheus": "Prometheus", "grafana": "Grafana"}
_PATHS = {"prometheus": "/api/v1/status/buildinfo", "grafana": "/api/health"}
_MARKS = {"prometheus": "data", "grafana": "database"}
"""What the program's own answer has at its top."""


def check_monitoring(name: str, url: str, deadline: Deadline) -> Sequence[Finding]:
    """Ask `prometheus` or `grafana` for what only it answers. A stack works without: nothing is critical."""
    title = _TITLES[name]
    problem, remedy = _problem(name, url, deadline)
    if not problem:
        return [met(name, title, url)]
    state = CriterionState.WARNING
    return [finding(name, title, state, problem, remedy).model_copy(update={"critical": False})]


def _problem(name: str, url: str, deadline: Deadline) -> tuple[str, str]:
    """What is wrong and what to do; empty when nothing is."""
    correct = "Correct the address in the profile, or start it."
    try:
        with httpx.Client(timeout=deadline.left(4), trust_env=False, follow_redirects=False) as client:
            answer = client.get(url.rstrip("/") + _PATHS[name])
            content = answer.json()
    except httpx.TimeoutException:
        return f"{url} does not answer", correct
    except httpx.HTTPError as error:
        told = str(error)
        if "CERTIFICATE" in told.upper():
            return f"the certificate of {url} cannot be trusted", "Have it signed by a known authority."
        return f"{url} cannot be reached: {'nothing listens there' if 'refused' in told else told}", correct
    except ValueError:
        return f"what answers on {url} is no {_TITLES[name]}", correct
    if isinstance(content, dict) and _MARKS[name] in content and answer.is_success:
        return "", ""
    return f"what answers on {url} is no {_TITLES[name]}, or it asks for a login", correct
