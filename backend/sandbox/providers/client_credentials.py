"""Access tokens for client credentials (RFC 6749, section 4.4), as some providers ask for them."""

import base64
import binascii
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

from fastapi import Request
from starlette.responses import JSONResponse, Response

TOKEN_SECONDS = 3600


class Tokens:
    """The tokens that a simulated provider gave out, with their end. Any client id and secret will do."""

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}

    async def grant(self, request: Request, *, refuse: bool, refused_status: int) -> Response:
        """Answer a token request that carries the client with HTTP Basic; `refuse` takes none."""
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        if form.get("grant_type") != ["client_credentials"]:
            text = "grant_type must be client_credentials"
            return _error(400, "unsupported_grant_type", text)
        if refuse or not _has_client(request):
            return _error(refused_status, "invalid_client", "Invalid client")
        return JSONResponse(self._new())

    def problem(self, request: Request) -> str:
        """What is wrong with a request's token, in Spotify's words; empty when nothing is."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return "No token provided"
        ends = self._ends.get(token)
        if ends is None:
            return "Invalid access token"
        return "The access token expired" if ends < time.monotonic() else ""

    def revoke(self) -> Response:
        """Make every token given out so far invalid, as an operator of the simulator may want."""
        revoked = len(self._ends)
        self._ends.clear()
        return JSONResponse({"revoked": revoked})

    def _new(self) -> dict[str, Any]:
        now = time.monotonic()
        self._ends = {token: ends for token, ends in self._ends.items() if ends > now}
        token = "BQ" + secrets.token_urlsafe(48)
        self._ends[token] = now + TOKEN_SECONDS
        return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}


def _has_client(request: Request) -> bool:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        identifier, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return bool(identifier and secret)


def _error(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status_code=status)
