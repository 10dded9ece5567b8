"""Writes profiles so that comments, order and what the console does not know survive."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table, Whitespace

from backend.contracts.errors import OperatorError
from backend.contracts.profile_form import FIELDS
from backend.contracts.runs import ExitCode
from backend.home import make_private_folder


def write_profile(path: Path, content: Mapping[str, Any]) -> None:
    """Put `content` into the file, which is replaced whole or not at all.

    A known field that is not in `content` is taken out; everything else in the file stays.
    """
    document = _read(path)
    for name in FIELDS:
        part, _, key = name.rpartition(".")
        wanted = (content.get(part) or {}).get(key) if part else content.get(key)
        _put(document, part, key, wanted)
    for part in {name.rpartition(".")[0] for name in FIELDS} - {""}:
        if part in document and not document[part]:
            document.remove(part)
    _replace(path, tomlkit.dumps(document))


def _put(document: tomlkit.TOMLDocument, part: str, key: str, wanted: Any) -> None:
    holder: Any = document
    if part:
        if wanted is not None and part not in document:
            document[part] = tomlkit.table()
        holder = document.get(part)
    if not isinstance(holder, (tomlkit.TOMLDocument, Table, dict)):
        return
    if wanted is None:
        holder.pop(key, None)
    elif key not in holder or holder[key] != wanted:
        if part or not _has_tables(document) or key in holder:
            holder[key] = wanted
        else:
            _insert_before_tables(document, key, wanted)


def _has_tables(document: tomlkit.TOMLDocument) -> bool:
    return any(isinstance(value, Table) for value in document.values())


def _insert_before_tables(document: tomlkit.TOMLDocument, key: str, wanted: Any) -> None:
    """A new top-level entry belongs above the first [table], or it would become part of the last one."""
    body = document.body
    place = next(i for i, (_, item) in enumerate(body) if isinstance(item, Table))
    while place and isinstance(body[place - 1][1], Whitespace):
        place -= 1
    document._insert_at(place, tomlkit.key(key), tomlkit.item(wanted))


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (TOMLKitError, UnicodeDecodeError, OSError) as error:
        raise OperatorError(
            f"{path} cannot be read, so nothing was written: {error}.",
            "Correct the file by hand, or remove the environment and add it anew.",
            exit_code=ExitCode.REFUSED,
        ) from None


def _replace(path: Path, text: str) -> None:
    try:
        make_private_folder(path.parent)
        number, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".new")
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(path)
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be written: {error.strerror or error}. Nothing was changed.",
            "Mend the folder's permissions, or free some space.",
            exit_code=ExitCode.REFUSED,
        ) from None
