"""The runner gives way, where the system knows how."""

from pathlib import Path

from backend.deployment.priority import step_back


def test_the_session_is_made_nicer(tmp_path: Path) -> None:
    autogroup = tmp_path / "autogroup"
    assert step_back(autogroup)
    assert 0 < int(autogroup.read_text()) < 20


def test_a_system_without_autogroups_changes_nothing(tmp_path: Path) -> None:
    assert not step_back(tmp_path / "missing" / "autogroup")
