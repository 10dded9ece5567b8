"""The bearer token in front of admin calls."""

import pytest
from fastapi import Depends, FastAPI
from pydantic import SecretStr

from backend.http import httpx
from backend.services.common.auth import bearer_guard


async def ask(token: str | None, authorization: str | None) -> httpx.Response:
    app = FastAPI()
    guard = Depends(bearer_guard(SecretStr(token) if token else None))

    @app.get("/admin", dependencies=[guard])
    async def admin() -> str:
        return "in"

    headers = {"Authorization": authorization} if authorization is not None else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        return await client.get("/admin", headers=headers)


@pytest.mark.parametrize(
    "authorization", ["Bearer right-token", "bearer right-token", "Bearer  right-token "]
)
async def test_the_right_token_gets_in(authorization: str) -> None:
    assert (await ask("right-token", authorization)).json() == "in"


@pytest.mark.parametrize(
    ("token", "authorization", "words"),
    [
        ("right-token", None, "This call needs the admin token"),
        ("right-token", "", "This call needs the admin token"),
        ("right-token", "Bearer", "This call needs the admin token"),
        ("right-token", "Basic right-token", "This call needs the admin token"),
        ("right-token", "Bearer wrong-token", "is not the one"),
        ("right-token", "Bearer right-token2", "is not the one"),
        (None, "Bearer anything", "without an admin token"),
        (None, None, "without an admin token"),
    ],
)
async def test_everything_else_is_a_401_that_says_why(
    token: str | None, authorization: str | None, words: str
) -> None:
    answer = await ask(token, authorization)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert words in answer.json()["detail"]
    assert "right-token" not in answer.text
