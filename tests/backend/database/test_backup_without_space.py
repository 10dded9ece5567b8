"""A backup that does not fit: the folder is named, and no file is left that could be taken for one."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from backend.database.address import DatabaseAddress
from backend.database.backup import BackupFailedError, Backups
from backend.database.binaries import PostgresBinaries
from backend.database.manifest import Manifest

# The real pg_dump, whose file is on a device that is always full.
_PG_DUMP_ONTO_A_FULL_DISK = """#!/bin/sh
for word in "$@"; do
  shift
  case "$word" in --file=*) word=--file=/dev/full ;; esac
  set -- "$@" "$word"
done
exec {program} "$@"
"""


@pytest.fixture
def backups(musicdb: DatabaseAddress, tmp_path: Path) -> Backups:
    return Backups(tmp_path / "backups", musicdb, PostgresBinaries.embedded())


def _on_a_full_disk(backups: Backups, folder: Path) -> Backups:
    folder.mkdir()
    for program in PostgresBinaries.embedded().folder.iterdir():
        (folder / program.name).symlink_to(program)
    (folder / "pg_dump").unlink()
    script = _PG_DUMP_ONTO_A_FULL_DISK.format(program=PostgresBinaries.embedded().program("pg_dump"))
    (folder / "pg_dump").write_text(script)
    (folder / "pg_dump").chmod(0o755)
    return replace(backups, binaries=PostgresBinaries(folder))


def _refused(backups: Backups) -> BackupFailedError:
    with pytest.raises(BackupFailedError) as caught:
        backups.create("pre_deploy", "run-1", lambda _line: None)
    assert f"no space left for the backup in {backups.folder}" in caught.value.message
    assert "Free some space there" in caught.value.remedy
    return caught.value


def test_a_dump_that_does_not_fit_leaves_nothing(backups: Backups, tmp_path: Path) -> None:
    error = _refused(_on_a_full_disk(backups, tmp_path / "bin"))
    assert "No space left on device" in error.message
    assert backups.list() == []
    assert [path for path in backups.folder.iterdir() if ".dump" in path.name] == []


def test_a_description_that_does_not_fit_leaves_nothing(
    backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_manifest: Manifest, path: Path) -> None:
        path.with_name(f".{path.name}.partial").write_text("{")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Manifest, "write", write)
    _refused(backups)
    assert backups.list() == []
    assert [path for path in backups.folder.iterdir() if path.suffix in (".dump", ".partial")] == []


def test_with_space_again_the_next_one_succeeds(backups: Backups, tmp_path: Path) -> None:
    _refused(_on_a_full_disk(backups, tmp_path / "bin"))
    made = backups.create("pre_deploy", "run-1", lambda _line: None)
    assert backups.list() == [made]
