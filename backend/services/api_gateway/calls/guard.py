"""What surrounds every call of one provider."""

from backend.services.api_gateway.calls.retries import Retries
from backend.services.api_gateway.calls.switches import CapabilitySwitches
from backend.services.api_gateway.providers.adapter import Call, ProviderRequest, Reply


class CallGuard:
    """What the provider has closed is not called; what failed is tried again."""

    def __init__(self, switches: CapabilitySwitches, retries: Retries) -> None:
        self.switches = switches
        self._retries = retries

    def around(self, call: Call) -> Call:
        """`call`, guarded. Rate gate and circuit breaker stay inside of it, so each try passes them."""

        async def guarded(request: ProviderRequest) -> Reply:
            refusal = self.switches.refusal(request.endpoint_class)
            if refusal is not None:
                return refusal
            reply = await self._retries.make(request, call)
            self.switches.note(request.endpoint_class, reply)
            return reply

        return guarded
