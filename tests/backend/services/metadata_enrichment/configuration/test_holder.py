"""Every worker takes up a new version: told by the database, or by looking when nobody told it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psycopg
import pytest

from backend.database.address import DatabaseAddress
from backend.services.common.background import in_background
from backend.services.common.database import Database
from backend.services.metadata_enrichment.configuration import holder as module
from backend.services.metadata_enrichment.configuration.errors import ConfigurationError
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.configuration.versions import Versions
from tests.waiting import wait_until

HOURS = 9999.0


@asynccontextmanager
async def following(musicdb: DatabaseAddress, name: str = "worker") -> AsyncIterator[ConfigurationHolder]:
    """A worker's holder that has taken up the version in force."""
    async with Database(musicdb.conninfo(), name=name) as database:
        holder = ConfigurationHolder(database.pool)
        async with in_background(holder.follow()):
            await become(lambda: holder.version_in_force() > 0)
            yield holder


async def become(condition: Callable[[], object]) -> None:
    """Wait until the condition is true, while the holder goes on."""
    await asyncio.to_thread(wait_until, condition)


def activate(musicdb: DatabaseAddress, field: str = "bpm", before: str = "") -> int:
    """Put a version with one field in force by hand, as psql would; its number."""
    with musicdb.connect(autocommit=True) as connection:
        if before:
            connection.execute(before.encode())
        row = connection.execute(
            "INSERT INTO waterfall_config_versions (created_by) VALUES ('tests') RETURNING version"
        ).fetchone()
        assert row is not None
        connection.execute("INSERT INTO waterfall_config_fields VALUES (%s, %s, false)", (row[0], field))
        connection.execute(
            "INSERT INTO waterfall_api_configuration VALUES (%s, %s, 1, 'deezer', true, 0.5, 0.9)",
            (row[0], field),
        )
        activate_again(connection, row[0])
    return int(row[0])


def activate_again(connection: psycopg.Connection, version: int) -> None:
    connection.execute(
        "INSERT INTO waterfall_config_activations (version, activated_by) VALUES (%s, 'tests')", (version,)
    )


async def test_the_notification_alone_is_enough(
    musicdb: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECK_SECONDS", HOURS)
    async with following(musicdb) as first, following(musicdb) as second:
        await listening(musicdb, 2)
        version = await asyncio.to_thread(activate, musicdb)
        await become(lambda: {first.version_in_force(), second.version_in_force()} == {version})


async def test_a_lost_notification_costs_one_look(musicdb: DatabaseAddress) -> None:
    silence = "ALTER TABLE waterfall_config_activations DISABLE TRIGGER waterfall_config_activations_notify"
    async with following(musicdb) as holder:
        version = await asyncio.to_thread(activate, musicdb, "bpm", silence)
        await become(lambda: holder.version_in_force() == version)


async def test_a_broken_connection_is_replaced_and_followed_again(musicdb: DatabaseAddress) -> None:
    async with following(musicdb, "to-be-killed") as holder:
        await asyncio.to_thread(kill, musicdb, "to-be-killed")
        version = await asyncio.to_thread(activate, musicdb)
        await become(lambda: holder.version_in_force() == version)
        assert holder.problem == ""


async def test_an_unusable_version_leaves_the_last_good_one_in_force(musicdb: DatabaseAddress) -> None:
    async with following(musicdb) as holder:
        good = await holder.current()
        bad = await asyncio.to_thread(activate, musicdb, "mood")
        await become(lambda: holder.problem)
        assert holder.problem == f"version {bad} names the field mood, which does not exist"
        assert await holder.current() == good
        with pytest.raises(ConfigurationError, match="mood"):
            await holder.reload()
        version = await asyncio.to_thread(activate, musicdb)
        await become(lambda: holder.version_in_force() == version)
        assert holder.problem == ""


async def test_a_worker_that_starts_on_an_unusable_version_uses_the_one_before(
    musicdb: DatabaseAddress,
) -> None:
    good = activate(musicdb)
    activate(musicdb, "mood")
    async with Database(musicdb.conninfo(), name="late") as database:
        holder = ConfigurationHolder(database.pool)
        assert (await holder.current()).version == good
        assert "mood" in holder.problem
    async with following(musicdb) as holder:
        assert holder.version_in_force() == good
        assert "mood" in holder.problem


async def test_values_that_no_release_wrote_are_refused_and_not_walked(musicdb: DatabaseAddress) -> None:
    async with following(musicdb) as holder:
        with musicdb.connect(autocommit=True) as connection:
            good = holder.version_in_force()
            connection.execute("INSERT INTO waterfall_config_versions (created_by) VALUES ('tests')")
            connection.execute(
                """INSERT INTO waterfall_config_fields (version, field, required_for_gold, keep_days)
                   VALUES (3, 'bpm', false, 99999)"""
            )
            connection.execute(
                "INSERT INTO waterfall_api_configuration VALUES (3, 'bpm', 1, 'deezer', true, 0.5, 0.9)"
            )
            activate_again(connection, 3)
        await become(lambda: "keep_days" in holder.problem)
        assert holder.version_in_force() == good
    async with Database(musicdb.conninfo(), name="history") as database:
        rows = await Versions(database.pool).history(None, 10)
    assert [(row.version, row.in_force) for row in rows] == [(3, True), (2, False), (1, False)]


async def test_a_complaint_about_the_database_ends_with_its_cause(musicdb: DatabaseAddress) -> None:
    async with following(musicdb) as holder:
        with musicdb.connect(autocommit=True) as connection:
            connection.execute("ALTER VIEW waterfall_config_in_force RENAME TO hidden")
            with pytest.raises(ConfigurationError, match="migrations have not been applied"):
                await holder.reload()
            connection.execute("ALTER VIEW hidden RENAME TO waterfall_config_in_force")
        assert (await holder.current()).version == 2
        await become(lambda: holder.problem == "")


async def listening(musicdb: DatabaseAddress, count: int) -> None:
    """Wait until so many connections have said LISTEN and wait."""
    statement = """SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'worker' AND state = 'idle'
            AND query LIKE '%waterfall_config_in_force%'"""

    def there() -> bool:
        with musicdb.connect() as connection:
            return connection.execute(statement.encode()).fetchone() == (count,)

    await become(there)


def kill(musicdb: DatabaseAddress, name: str) -> None:
    """End every connection of that name."""
    with musicdb.connect(autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", (name,)
        )
