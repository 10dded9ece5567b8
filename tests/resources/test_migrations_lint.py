"""squawk over the migrations, as in CI."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import MIGRATIONS

# Not asked of our files: the runner sets the timeouts before each one; counters and positions fit into int,
# and rows are identified by bigint or uuid.
LEFT_TO_THE_RUNNER = ("require-lock-timeout", "require-statement-timeout")
# A file is one transaction: it can neither build an index concurrently nor validate a constraint later. The
# runner's timeout ends it when it would hold the services up.
NOT_IN_A_TRANSACTION = (
    "require-concurrent-index-creation",
    "require-concurrent-index-deletion",
    "adding-foreign-key-constraint",
    "constraint-missing-not-valid",
    "ban-drop-constraint",
)
EXCLUDED_UP = (*LEFT_TO_THE_RUNNER, *NOT_IN_A_TRANSACTION, "prefer-bigint-over-int")
EXCLUDED_DOWN = (
    *LEFT_TO_THE_RUNNER,
    *NOT_IN_A_TRANSACTION,
    "ban-drop-column",
    "ban-drop-table",
    "ban-drop-function",
    "ban-drop-schema",
    "ban-drop-view",
)


@pytest.mark.parametrize(
    ("pattern", "excluded"), [("up", EXCLUDED_UP), ("verify", EXCLUDED_UP), ("down", EXCLUDED_DOWN)]
)
def test_squawk_has_nothing_to_say(pattern: str, excluded: tuple[str, ...]) -> None:
    files = sorted(str(path) for path in MIGRATIONS.rglob(f"{pattern}.sql"))
    assert len(files) >= 7
    squawk = Path(sysconfig.get_path("scripts")) / "squawk"
    options = ["--assume-in-transaction", "--pg-version", "15", "--exclude", ",".join(excluded)]
    result = subprocess.run([squawk, *options, *files], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_file_ends_its_own_transaction() -> None:
    for path in MIGRATIONS.rglob("*.sql"):
        statements = {line.strip().rstrip(";").upper() for line in path.read_text().splitlines()}
        assert not statements & {"COMMIT", "ROLLBACK", "BEGIN TRANSACTION", "START TRANSACTION"}, path
