"""What an operator is told when a database cannot be opened."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from backend.database.address import (
    DatabaseAddress,
    DatabaseMissingError,
    DatabaseUnreachableError,
    WrongPasswordError,
)
from tests.fixtures.postgres import free_port


def test_connects_with_the_application_name(empty_database: DatabaseAddress) -> None:
    with empty_database.connect(application_name="the test") as connection:
        row = connection.execute("SELECT current_database(), current_setting('application_name')").fetchone()
    assert row == (empty_database.name, "the test")


def test_nobody_listening_names_host_and_port(empty_database: DatabaseAddress) -> None:
    address = replace(empty_database, port=free_port())
    with pytest.raises(DatabaseUnreachableError, match=f"127.0.0.1:{address.port}") as caught:
        address.connect()
    assert "main.py up" in caught.value.remedy


def test_wrong_password_is_told_without_showing_it(empty_database: DatabaseAddress) -> None:
    address = replace(empty_database, password="not-this-secret")
    with pytest.raises(WrongPasswordError, match="refused the password of musicdb_user") as caught:
        address.connect()
    assert "not-this-secret" not in f"{caught.value} {caught.value.__cause__} {caught.value.__context__!r}"


def test_missing_database_is_told_by_name(empty_database: DatabaseAddress) -> None:
    with pytest.raises(DatabaseMissingError, match="The database nowhere does not exist"):
        empty_database.with_name("nowhere").connect()


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_silent_server_runs_into_the_timeout(empty_database: DatabaseAddress, mute_port: int) -> None:
    with pytest.raises(DatabaseUnreachableError, match="did not answer in time"):
        replace(empty_database, port=mute_port).connect(connect_timeout=2)


def test_the_password_shows_in_no_text(empty_database: DatabaseAddress) -> None:
    assert empty_database.password
    assert empty_database.password not in f"{empty_database!r} {empty_database}"
    assert empty_database.conninfo()["password"] == empty_database.password
