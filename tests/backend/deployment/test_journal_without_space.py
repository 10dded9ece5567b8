"""A journal that cannot grow: the refused write is told, what was written before stays."""

import sqlite3
from pathlib import Path

from backend.contracts.runs import DeployOptions, Plan, RunKind, RunState
from backend.deployment.journal import Journal
from backend.deployment.journal_reader import JournalReader
from backend.home import Home
from tests.fixtures.limited_files import run_limited

WRITE_UNTIL_REFUSED = """
import sys
from pathlib import Path
from backend.contracts.errors import OperatorError
from backend.deployment.journal import Journal

journal = Journal(Path(sys.argv[1]))
for number in range(100_000):
    try:
        journal.write_output("run-1", "build", "build", f"line {number} " + "x" * 500)
    except OperatorError as error:
        print(number)
        print(error.sentence())
        break
"""


def _begin(home: Home) -> Journal:
    journal = Journal(home.journal)
    plan = Plan(kind=RunKind.DEPLOY, environment="sandbox", release="2026.11.25-1", steps=())
    journal.create_run("run-1", plan, DeployOptions(), operator="ann", host="here")
    return journal


def test_a_full_disk_is_named_and_nothing_written_is_lost(tmp_path: Path) -> None:
    home = Home(tmp_path)
    _begin(home).close()
    done = run_limited(WRITE_UNTIL_REFUSED, str(home.journal), most_bytes=400_000)
    number, message = done.stdout.splitlines()
    assert int(number) > 10, done.stderr
    assert f"The journal {home.journal} cannot be written" in message
    assert "Free some space" in message
    with sqlite3.connect(home.journal) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept = JournalReader(home).output("run-1", limit=100_000)
    assert [line.text.split()[1] for line in kept] == [str(place) for place in range(int(number))]


def test_it_goes_on_when_there_is_space_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    journal = _begin(home)
    run_limited(WRITE_UNTIL_REFUSED, str(home.journal), most_bytes=400_000)
    journal.set_run("run-1", RunState.SUCCEEDED, "done")
    journal.close()
    assert JournalReader(home).run("run-1").state is RunState.SUCCEEDED
