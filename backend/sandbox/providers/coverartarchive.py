"""The Cover Art Archive: a release's pictures, by way of a redirect to the Internet Archive."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from backend.sandbox.behaviour import Behaviour, Limit, Trouble
from backend.sandbox.catalogue import Recording
from backend.sandbox.chance import between, fraction
from backend.sandbox.providers.interruption import receive
from backend.sandbox.providers.musicbrainz import MBID

NAME = "coverartarchive"
LIMIT = Limit(calls=10, seconds=5.0)
"""The real archive documents none."""
_API = "http://coverartarchive.org"


class CoverArtArchive:
    """Answers requests over the albums: one in ten has no picture."""

    def __init__(self, recordings: Sequence[Recording], behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        albums = {each.release_mbid: (each.artist, each.album) for each in recordings if not each.is_trap}
        self._covers = {
            identifier: album for identifier, album in albums.items() if fraction("cover", *album) >= 0.1
        }

    async def receive(self) -> None:
        """Admit a request, or interrupt it."""
        await receive(self._behaviour, _trouble)

    def release(self, identifier: str) -> Response:
        """`GET /release/{mbid}`: where the list of pictures lies."""
        if not MBID.fullmatch(identifier):
            return _page(400, f"invalid MBID specified: {identifier}")
        if identifier not in self._covers:
            return _page(404, f"No cover art found for release {identifier}")
        return RedirectResponse(f"/{NAME}/download/mbid-{identifier}/index.json", 307)

    def index(self, identifier: str) -> Response:
        """The list of pictures, as the Internet Archive keeps it."""
        if identifier not in self._covers:
            return _page(404, "Item not found")
        number = between(10**9, 4 * 10**10, "cover", *self._covers[identifier])
        images = [_image(identifier, number + 1, "Back"), _image(identifier, number, "Front")]
        return JSONResponse({"images": images, "release": f"https://musicbrainz.org/release/{identifier}"})


def coverartarchive_router(recordings: Sequence[Recording], behaviour: Behaviour) -> APIRouter:
    """The routes below `/coverartarchive`, the Internet Archive's part included."""
    service = CoverArtArchive(recordings, behaviour)
    router = APIRouter(prefix=f"/{NAME}")

    @router.get("/release/{identifier}")
    @router.get("/release/{identifier}/", include_in_schema=False)
    async def release(identifier: str) -> Response:
        await service.receive()
        return service.release(identifier)

    @router.get("/download/mbid-{identifier}/index.json")
    async def index(identifier: str) -> Response:
        return service.index(identifier)

    return router


def _image(identifier: str, number: int, kind: str) -> dict[str, Any]:
    base = f"{_API}/release/{identifier}/{number}"
    sizes = {"250": 250, "500": 500, "1200": 1200, "small": 250, "large": 500}
    return {
        "approved": True,
        "back": kind == "Back",
        "comment": "",
        "edit": number % 10**8,
        "front": kind == "Front",
        "id": number,
        "image": f"{base}.jpg",
        "thumbnails": {name: f"{base}-{pixels}.jpg" for name, pixels in sizes.items()},
        "types": [kind],
    }


def _page(status: int, text: str, **headers: str) -> Response:
    body = f"<!doctype html>\n<title>{status}</title>\n<h1>{status}</h1>\n<p>{text}</p>\n"
    return HTMLResponse(body, status, headers)


def _trouble(trouble: Trouble, behaviour: Behaviour) -> Response:
    if trouble is Trouble.ERROR:
        return _page(502, "Bad gateway")
    if trouble is Trouble.TIMEOUT:
        return _page(504, "Gateway timeout")
    text = "Your requests are exceeding the allowable rate limit."
    if trouble is Trouble.THROTTLED:
        return _page(503, text, **{"Retry-After": str(behaviour.knobs.retry_after_seconds)})
    return _page(503, text)
