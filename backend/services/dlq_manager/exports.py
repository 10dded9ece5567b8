"""Makes sealed bundles of dead letters."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

import structlog
from psycopg import sql
from psycopg.types.json import Jsonb

from backend.contracts.dead_letter_bundle import MOST_LETTERS, BundleManifest
from backend.contracts.dead_letter_operations import ExportRequest
from backend.services.common.database import Pool
from backend.services.dlq_manager import bundle_rows
from backend.services.dlq_manager.bundle_writer import BundleWriter
from backend.services.dlq_manager.masking import Masker
from backend.services.dlq_manager.refusals import NotFoundError, RefusedError
from backend.services.dlq_manager.selection_sql import compile_selection, resolved
from backend.services.dlq_manager.transitions import Connection

MOST_BYTES = 1_000_000_000
_IN_MEMORY = 8_000_000
_CHUNK = 1 << 18
_IDS = sql.SQL("""
SELECT m.message_id FROM dead_letters.messages AS m
WHERE {chosen} ORDER BY m.failed_at DESC, m.message_id DESC LIMIT {limit}
""")
_AUDIT = """
INSERT INTO dead_letters.exports (actor, selection, letters, masked, bytes) VALUES (%s, %s, %s, %s, %s)
"""
_log = structlog.get_logger()


@dataclass(frozen=True)
class Bundle:
    """A finished bundle; reading its chunks to the end, or leaving them, removes it."""

    letters: int
    size: int
    """In bytes."""
    file: IO[bytes]

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file, piece by piece."""
        try:
            while chunk := await asyncio.to_thread(self.file.read, _CHUNK):
                yield chunk
        finally:
            self.file.close()


class Exports:
    """Writes bundles to temporary files. psycopg errors pass."""

    def __init__(self, pool: Pool, masker: Masker, environment: str, release: str) -> None:
        self._pool = pool
        self._masker = masker
        self._environment = environment
        self._release = release

    async def make(self, request: ExportRequest) -> Bundle:
        """All letters as they are at one moment. RefusedError for too many; NotFoundError for none."""
        chosen = resolved(request.selection, request.author)
        request = request.model_copy(update={"selection": chosen})
        file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - Bundle closes it
        try:
            manifest = await self._write(request, file)
        except BaseException:
            file.close()
            raise
        size = file.tell()
        try:
            await self._audit(manifest, size)
        except BaseException:
            file.close()
            raise
        _log.info("dead_letters_exported", letters=manifest.letters, author=request.author)
        file.seek(0)
        return Bundle(manifest.letters, size, file)

    async def _audit(self, manifest: BundleManifest, size: int) -> None:
        """Before it is given out: no bundle leaves unseen."""
        selection = Jsonb(manifest.selection.model_dump(mode="json"))
        row = (manifest.author, selection, manifest.letters, manifest.masked, size)
        async with self._pool.connection() as connection:
            await connection.execute(_AUDIT, row)

    async def _write(self, request: ExportRequest, file: IO[bytes]) -> BundleManifest:
        manifest = BundleManifest(
            created_at=datetime.now(UTC),
            author=request.author,
            environment=self._environment,
            release=self._release,
            selection=request.selection,
            letters=0,
            masked=0,
        )
        async with self._pool.connection() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            ids = await _chosen(connection, request)
            sizes = await bundle_rows.sizes(connection, ids)
            _check_size(sum(sizes.values()))
            writer = BundleWriter(file, self._masker, manifest)
            async for rows in bundle_rows.letters(connection, ids, sizes):
                await asyncio.to_thread(writer.add, rows)
        return await asyncio.to_thread(writer.close)


async def _chosen(connection: Connection, request: ExportRequest) -> list[str]:
    chosen, arguments = compile_selection(request.selection)
    statement = _IDS.format(chosen=chosen, limit=sql.Literal(MOST_LETTERS + 1))
    rows: list[tuple[Any, ...]] = await (await connection.execute(statement, arguments)).fetchall()
    if not rows:
        raise NotFoundError("No dead letter matches, so there is nothing to export.")
    if len(rows) > MOST_LETTERS:
        raise RefusedError(
            f"More than {MOST_LETTERS:,} dead letters match. Narrow the selection, for example by time."
        )
    return [row[0] for row in rows]


def _check_size(total: int) -> None:
    if total > MOST_BYTES:
        raise RefusedError(
            f"These letters have {total:,} bytes of payload; a bundle takes {MOST_BYTES:,}. Select fewer."
        )
