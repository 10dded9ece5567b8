"""The bearer token in front of admin and dead-letter calls."""

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException, status
from pydantic import SecretStr


def bearer_guard(token: SecretStr | None) -> Callable[[str | None], None]:
    """A FastAPI dependency that lets a request through only with `Authorization: Bearer TOKEN`.

    Use as `APIRouter(dependencies=[Depends(bearer_guard(settings.admin_token))])`. Without a configured
    token everything is refused: an open door by omission is worse than a closed one.
    """

    def check(authorization: Annotated[str | None, Header()] = None) -> None:
        if token is None:
            raise _refusal("This service was started without an admin token, so admin calls are refused.")
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            raise _refusal("This call needs the admin token: send the header 'Authorization: Bearer TOKEN'.")
        if not hmac.compare_digest(given.strip().encode(), token.get_secret_value().encode()):
            raise _refusal("The admin token is not the one this service was started with.")

    return check


def _refusal(text: str) -> HTTPException:
    headers = {"WWW-Authenticate": "Bearer"}
    return HTTPException(status.HTTP_401_UNAUTHORIZED, detail=text, headers=headers)
