"""The gateway's calls as lines for a terminal. A token never stands in them."""

import json
import shlex

from backend.contracts.control import ControlRequest
from backend.contracts.environment import GATEWAY, Environment

_AUTHORISED = '-H "Authorization: Bearer $SONGNODES_ADMIN_TOKEN"'


def providers(environment: Environment) -> str:
    """All providers as they are now."""
    return f"curl -s {_AUTHORISED} {environment.url(GATEWAY)}/admin/providers"


def control(environment: Environment, provider: str, request: ControlRequest) -> str:
    """One thing done to a provider's breakers."""
    body = shlex.quote(json.dumps(request.model_dump(mode="json", exclude_none=True), ensure_ascii=False))
    address = f"{environment.url(GATEWAY)}/admin/circuit-breakers/{provider}/control"
    return f"curl -s -X POST {_AUTHORISED} -H 'Content-Type: application/json' -d {body} {address}"
