"""Reads a JSON Patch (RFC 6902) and says which step is wrong before anything is tried."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_NEEDS = {
    "add": ("value",),
    "replace": ("value",),
    "test": ("value",),
    "remove": (),
    "move": ("from",),
    "copy": ("from",),
}


class PatchError(ValueError):
    """The patch itself is wrong, whatever it is applied to."""


class PatchFailedError(ValueError):
    """The patch cannot be applied to this payload. The text names no value: failures are counted by it."""


@dataclass(frozen=True)
class PatchStep:
    """One operation of a patch."""

    number: int
    op: str
    path: tuple[str, ...]
    source: tuple[str, ...] = ()
    value: Any = None

    def failed(self, why: str) -> PatchFailedError:
        """The failure of this step, in words."""
        return PatchFailedError(f"step {self.number}, {self.op} {_written(self.path)}: {why}")


def read_patch(patch: Sequence[dict[str, Any]]) -> tuple[PatchStep, ...]:
    """A patch that can be applied. PatchError says which step is wrong."""
    if not patch:
        raise PatchError("The patch has no steps. Give at least one operation.")
    return tuple(_step(number, given) for number, given in enumerate(patch, start=1))


def dumped(value: Any) -> str:
    """As JSON, as short as people write it. ValueError for what JSON cannot say."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _step(number: int, given: dict[str, Any]) -> PatchStep:
    op = given.get("op")
    if not isinstance(op, str) or op not in _NEEDS:
        raise PatchError(f"Step {number}: op has to be one of {', '.join(_NEEDS)}.")
    for needed in ("path", *_NEEDS[op]):
        if needed not in given:
            raise PatchError(f"Step {number}: {op} needs {needed}.")
    path, source = _pointer(number, given["path"]), _pointer(number, given.get("from", ""))
    if op == "move" and path[: len(source)] == source and path != source:
        raise PatchError(f"Step {number}: a value cannot be moved into itself.")
    _check_writable(number, [given.get("value"), *path])
    return PatchStep(number, op, path, source, given.get("value"))


def _check_writable(number: int, value: Any) -> None:
    try:
        dumped(value).encode()
    except (ValueError, RecursionError) as error:
        raise PatchError(f"Step {number}: its value cannot be written as JSON.") from error


def _pointer(number: int, text: Any) -> tuple[str, ...]:
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise PatchError(f'Step {number}: a path is "" or begins with "/", such as "/track_title".')
    if any(part not in {"0", "1"} for part in (cut[:1] for cut in text.split("~")[1:])):
        raise PatchError(f"Step {number}: in a path, ~ is written ~0 and / within a name ~1.")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def _written(path: tuple[str, ...]) -> str:
    written = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    return written or "the whole payload"
