"""Sets of migrations on disk."""

from pathlib import Path

import pytest

from backend.contracts.errors import OperatorError
from backend.database.migrations.files import load_set
from tests.fixtures.migration_sets import two_tables, write_table


def test_a_set_is_loaded_in_order(tmp_path: Path) -> None:
    first, second = load_set(two_tables(tmp_path))
    assert (first.name, first.recorded_name) == ("001_albums", "001_albums_up.sql")
    assert second.version == "002"
    assert len(first.checksum) == 64
    assert first.checksum != second.checksum


def test_a_gap_is_named(tmp_path: Path) -> None:
    write_table(tmp_path, 1, "albums")
    write_table(tmp_path, 3, "labels")
    with pytest.raises(OperatorError, match=r"Migration 002 is missing .* 003_labels comes in its place"):
        load_set(tmp_path)


def test_a_number_given_twice_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path, 1, "albums")
    write_table(tmp_path, 1, "labels")
    with pytest.raises(OperatorError, match="Migration 002 is missing"):
        load_set(tmp_path)


@pytest.mark.parametrize("file", ["up.sql", "down.sql", "verify.sql"])
def test_a_missing_or_empty_file_is_named(tmp_path: Path, file: str) -> None:
    two_tables(tmp_path)
    path = tmp_path / "002_labels" / file
    path.write_text("  \n")
    with pytest.raises(OperatorError, match=f"{file} is empty"):
        load_set(tmp_path)
    path.unlink()
    with pytest.raises(OperatorError, match=f"002_labels/{file} is missing"):
        load_set(tmp_path)


def test_a_foreign_entry_is_refused(tmp_path: Path) -> None:
    two_tables(tmp_path)
    (tmp_path / "notes.txt").write_text("later")
    with pytest.raises(OperatorError, match=r"notes\.txt is no migration"):
        load_set(tmp_path)


def test_a_missing_folder_and_bad_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="is missing"):
        load_set(tmp_path / "nowhere")
    write_table(tmp_path, 1, "albums")
    (tmp_path / "001_albums" / "up.sql").write_bytes(b"SELECT '\xff'")
    with pytest.raises(OperatorError, match="is not UTF-8 text"):
        load_set(tmp_path)
