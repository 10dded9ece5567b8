"""Whether a policy could make RabbitMQ drop or misplace messages; only the management API tells."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import structlog

from backend.http import httpx
from backend.messaging.port import TopologyConflictError

_ANSWER_SECONDS = 5.0
_KINDS = ("policies", "operator-policies")
_UNCHECKED = "RabbitMQ's policies were not checked: one could let it drop messages."
_log = structlog.get_logger()


class PolicyCheck:
    """Looks at the policies in force on queues of one virtual host.

    Policies change a queue from outside, and for overflow, time to live, expiry and the way dead letters
    move they win over its arguments or tighten them. AMQP does not show them.
    """

    def __init__(self, management_url: str | None, virtual_host: str) -> None:
        self._url = management_url
        self._virtual_host = quote(virtual_host, safe="")
        self.unchecked = ""
        """Why the last check could not look, in a sentence with what to do; empty when it could."""

    async def check(self, queues: Mapping[str, dict[str, Any]]) -> None:
        """TopologyConflictError names the queue, the policy and the property.

        Without an answer from the management API nothing can be said: `unchecked` tells it, it is no error.
        """
        if self._url is None:
            _log.info("broker_policies_not_checked", remedy="set SONGNODES_AMQP_MANAGEMENT_URL")
            self.unchecked = f"{_UNCHECKED} Set SONGNODES_AMQP_MANAGEMENT_URL to have them looked at."
            return
        try:
            async with httpx.AsyncClient(base_url=self._url, timeout=_ANSWER_SECONDS) as client:
                listed = [await self._listed(client, kind) for kind in _KINDS]
        except (httpx.HTTPError, ValueError) as error:
            _log.warning("broker_policies_not_checked", reason=type(error).__name__)
            self.unchecked = f"{_UNCHECKED} Its management API did not answer ({type(error).__name__})."
            return
        self.unchecked = ""
        problems = [
            problem
            for name, arguments in queues.items()
            for policies in listed
            for policy in _in_force(policies, name)
            for problem in _problems(name, arguments, policy)
        ]
        if problems:
            raise TopologyConflictError(" ".join(problems))

    async def _listed(self, client: httpx.AsyncClient, kind: str) -> list[dict[str, Any]]:
        answer = await client.get(f"/api/{kind}/{self._virtual_host}")
        answer.raise_for_status()
        policies: list[dict[str, Any]] = answer.json()
        return policies


def _in_force(policies: Iterable[dict[str, Any]], queue: str) -> list[dict[str, Any]]:
    """The one of the highest priority; of several with the same, RabbitMQ takes any."""
    matching = [policy for policy in policies if _concerns(policy, queue)]
    highest = max((policy["priority"] for policy in matching), default=0)
    return [policy for policy in matching if policy["priority"] == highest]


def _concerns(policy: Mapping[str, Any], queue: str) -> bool:
    if policy["apply-to"] not in {"all", "queues", "quorum_queues"}:
        return False
    try:
        return re.search(policy["pattern"], queue) is not None
    except re.error:  # Erlang's dialect knows more than Python's
        return True


def _problems(queue: str, arguments: Mapping[str, Any], policy: Mapping[str, Any]) -> Iterator[str]:
    for name, value in policy["definition"].items():
        if harm := _harm(name, value, arguments):
            yield (
                f"Policy {policy['name']} sets {name} to {value} on queue {queue}, which {harm}. "
                "Keep the policy from this queue, and start again."
            )


def _harm(name: str, value: Any, arguments: Mapping[str, Any]) -> str:
    """What a policy's setting does to messages that nobody has processed; empty when it is harmless."""
    if name == "expires":
        return "deletes the queue with its messages when nobody uses it"
    if name == "message-ttl":
        return "takes away messages that wait too long"
    if name == "overflow" and value != arguments["x-overflow"]:
        return "drops messages when the queue is full"
    if name == "delivery-limit" and value < arguments["x-delivery-limit"]:
        return "gives messages up earlier than they should be"
    if name == "dead-letter-strategy" and value != arguments.get("x-dead-letter-strategy", value):
        return "can lose dead letters on their way"
    return ""
