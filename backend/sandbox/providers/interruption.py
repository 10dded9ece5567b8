"""A request that is answered with trouble instead of its result."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from backend.sandbox.behaviour import Behaviour, Trouble

TroubleAnswer = Callable[[Trouble, Behaviour], Response]
"""How a provider words each kind of trouble."""


class Interruption(Exception):  # noqa: N818 - not an error of the simulator: the answer asked for
    """Carries the answer past the endpoint to the client."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


async def answer_interruption(_request: Request, error: Exception) -> Response:
    """Exception handler of the application."""
    if not isinstance(error, Interruption):
        raise error
    return error.response


async def receive(behaviour: Behaviour, answer: TroubleAnswer) -> None:
    """Let the request pass the provider's behaviour; Interruption when trouble befalls it."""
    trouble = await behaviour.receive()
    if trouble is not Trouble.NONE:
        raise Interruption(answer(trouble, behaviour))
