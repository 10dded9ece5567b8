"""The pool: a server that is away, comes, goes, and comes back."""

from pathlib import Path
from time import monotonic

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from backend.database.address import DatabaseAddress
from backend.services.common.database import NOT_MIGRATED, Database
from tests.fixtures import postgres


async def test_says_nothing_when_all_is_well(musicdb: DatabaseAddress) -> None:
    async with Database(musicdb.conninfo(), name="a-service") as database:
        assert await database.problem() == ""
        async with database.pool.connection() as connection:
            row = await (await connection.execute("SHOW application_name")).fetchone()
        assert row == ("a-service",)


async def test_a_killed_connection_costs_nobody_an_error(musicdb: DatabaseAddress) -> None:
    async with Database(musicdb.conninfo(), name="to-be-killed") as database:
        assert await database.problem() == ""
        with musicdb.connect(autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
                ["to-be-killed"],
            )
        async with database.pool.connection() as other:
            assert await (await other.execute("SELECT 1")).fetchone() == (1,)


async def test_opens_without_a_server_and_finds_it_once_it_is_there(tmp_path: Path) -> None:
    server = postgres.new_server(tmp_path)
    server.initialise()
    async with Database(server.address("postgres").conninfo(), name="early") as database:
        begun = monotonic()
        assert await database.problem(0.5) == "the database gave no connection within 0.5 s"
        assert monotonic() - begun < 2
        with pytest.raises(PoolTimeout):
            async with database.pool.connection(timeout=0.1):
                pass
        with postgres.running(server, tmp_path / "log"):
            deadline = monotonic() + 20
            while await database.problem(1.0):
                assert monotonic() < deadline, "the pool did not find the server"


async def test_a_wrong_database_is_a_problem_and_not_an_error(musicdb: DatabaseAddress) -> None:
    wrong = {**musicdb.conninfo(), "dbname": "there_is_no_such_database"}
    async with Database(wrong, name="wrong") as database:
        assert "no connection" in await database.problem(0.5)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(**wrong)


async def test_it_says_whether_the_migrations_are_applied(
    empty_database: DatabaseAddress, operations_db: DatabaseAddress
) -> None:
    async with Database(empty_database.conninfo(), name="test") as database:
        assert await database.lacks("dead_letters.messages") == NOT_MIGRATED
    async with Database(operations_db.conninfo(), name="test") as database:
        assert await database.lacks("dead_letters.messages") == ""
