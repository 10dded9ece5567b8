"""Tells people and Prometheus how a deployment went. A dead address never changes the outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.http import httpx

_TIMEOUT = 5.0
_SLACK = {"success": "good", "failure": "danger", "warning": "warning", "info": "#439FE0"}
_DISCORD = {"success": 5763719, "failure": 15548997, "warning": 16776960, "info": 5793266}


@dataclass(frozen=True)
class Message:
    """What happened. `status` is one of info, success, failure, warning."""

    status: str
    title: str
    text: str
    environment: str
    deployment_id: str


@dataclass(frozen=True)
class Addresses:
    """Where to tell it; an address that is None is left out."""

    slack: str | None = None
    discord: str | None = None
    pushgateway: str | None = None


def notify(addresses: Addresses, message: Message) -> list[str]:
    """Send the message; what went wrong, one sentence each, without the secret address."""
    wanted = (
        ("Slack", addresses.slack, slack_payload(message)),
        ("Discord", addresses.discord, discord_payload(message)),
    )
    return [error for name, url, body in wanted if url for error in _post(name, url, body)]


def push_metrics(addresses: Addresses, environment: str, seconds: float, succeeded: bool) -> list[str]:
    """Put duration and success under a fixed grouping key, so that no series is left behind by each run."""
    if not addresses.pushgateway:
        return []
    url = f"{addresses.pushgateway.rstrip('/')}/metrics/job/songnodes_deployment/environment/{environment}"
    body = (
        "# TYPE songnodes_deployment_duration_seconds gauge\n"
        f"songnodes_deployment_duration_seconds {seconds:.1f}\n"
        "# TYPE songnodes_deployment_success gauge\n"
        f"songnodes_deployment_success {int(succeeded)}\n"
    )
    try:
        httpx.put(url, content=body, timeout=_TIMEOUT).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return [f"The Pushgateway did not take the metrics: {type(error).__name__}."]
    return []


def slack_payload(message: Message) -> Mapping[str, Any]:
    """The body that Slack's incoming webhooks take."""
    fields = [
        {"title": "Status", "value": message.text, "short": True},
        {"title": "Environment", "value": message.environment, "short": True},
        {"title": "Deployment ID", "value": message.deployment_id, "short": True},
    ]
    colour = _SLACK[message.status]
    return {"attachments": [{"color": colour, "title": message.title, "fields": fields}]}


def discord_payload(message: Message) -> Mapping[str, Any]:
    """The body that Discord's webhooks take."""
    fields = [
        {"name": "Environment", "value": message.environment, "inline": True},
        {"name": "Deployment ID", "value": message.deployment_id, "inline": True},
    ]
    embed = {
        "title": message.title,
        "description": message.text,
        "color": _DISCORD[message.status],
        "fields": fields,
    }
    return {"embeds": [embed]}


def _post(name: str, url: str, body: Mapping[str, Any]) -> list[str]:
    try:
        httpx.post(url, json=body, timeout=_TIMEOUT).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return [f"{name} did not take the message: {type(error).__name__}."]
    return []
