"""The endpoint by which a bundle of another stack is replayed, in sandboxes alone."""

import base64
import binascii

from fastapi import APIRouter, Depends
from pydantic import SecretStr

from backend.contracts.dead_letter_bundle import SandboxLetter, SandboxReplay, SandboxReplayed
from backend.messaging.port import Broker, Message
from backend.messaging.topology import ENRICHMENT_REQUESTS
from backend.services.common.auth import bearer_guard
from backend.services.dlq_manager.answering import answering
from backend.services.dlq_manager.refusals import RefusedError


def sandbox_router(broker: Broker, admin_token: SecretStr | None) -> APIRouter:
    """Include it only where every provider is simulated: what is published here is worked on."""
    router = APIRouter(
        prefix="/dlq/sandbox", tags=["sandbox"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    @router.post("/requests")
    async def requests(body: SandboxReplay) -> SandboxReplayed:
        async with answering():
            await broker.publish(ENRICHMENT_REQUESTS, [_message(letter) for letter in body.letters])
        return SandboxReplayed(published=len(body.letters))

    return router


def _message(letter: SandboxLetter) -> Message:
    try:
        body = base64.b64decode(letter.payload_base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError(f"payload_base64 of {letter.message_id[:200]} is not Base64.") from error
    return Message(letter.message_id, body, letter.content_type, letter.correlation_id)
