"""Server-sent events of a service, read so that a dead stream is noticed."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from httpx_sse import SSEError, connect_sse
from pydantic import BaseModel, ValidationError

from backend.clients.json_service import CONNECT_SECONDS, JsonService
from backend.contracts.errors import OperatorError
from backend.http import httpx

SILENCE_SECONDS = 3.0
"""A stream says something at least once a second; silent for this long, it is dead."""

Event = TypeVar("Event", bound=BaseModel)


def read_events(
    calls: JsonService, path: str, events: Mapping[str, Callable[[str], Event]]
) -> Iterator[Event]:
    """Events by name, each read by its function; blocks between items, others are passed over.

    It ends only by OperatorError, or when it is closed.
    """
    timeout = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    try:
        with (
            httpx.Client(timeout=timeout, trust_env=False, headers=calls.headers) as client,
            connect_sse(client, "GET", f"{calls.url}{path}") as source,
        ):
            if source.response.status_code != httpx.codes.OK:
                source.response.read()
                raise calls.refusal(source.response)
            for event in source.iter_sse():
                if event.event in events:
                    yield events[event.event](event.data)
    except httpx.ReadTimeout:
        raise _broken(calls, f"was silent for {SILENCE_SECONDS:g} s") from None
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise calls.unreachable(error) from None
    except SSEError:
        raise OperatorError(
            f"What answers on {calls.url} is no live stream.", f"Another program has {calls.service}'s port."
        ) from None
    except httpx.HTTPError as error:
        raise _broken(calls, f"broke off ({type(error).__name__})") from None
    except ValidationError as error:
        raise calls.foreign(error) from None
    raise _broken(calls, f"was ended by {calls.service}")


def _broken(calls: JsonService, how: str) -> OperatorError:
    return OperatorError(f"The live stream of {calls.service} on {calls.url} {how}.", "It is tried again.")
