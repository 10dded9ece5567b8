"""Drafts of the waterfall: one an environment, replaced whole, and never thrown away by a reader."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.waterfall_drafts import WaterfallDrafts
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallDraft, WaterfallField, WaterfallStep
from backend.home import Home

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture
def drafts(tmp_path: Path) -> WaterfallDrafts:
    return WaterfallDrafts(Home(tmp_path))


def draft(least: float = 0.5) -> WaterfallDraft:
    step = WaterfallStep(provider="deezer", enabled=True, min_confidence=least)
    field = WaterfallField(field="bpm", required_for_gold=False, sources=[step])
    base = WaterfallConfiguration(version=3, activated_at=NOW, fields=[field])
    return WaterfallDraft(base=base, fields=[field], changed_at=NOW)


def the_file(home: Path) -> Path:
    (path,) = (home / "state" / "drafts").iterdir()
    return path


def test_each_environment_has_its_own_draft(drafts: WaterfallDrafts) -> None:
    drafts.write("sandbox", draft(0.5))
    drafts.write("staging", draft(0.6))
    assert (drafts.read("sandbox"), drafts.read("staging")) == (draft(0.5), draft(0.6))
    drafts.remove("sandbox")
    drafts.remove("sandbox")
    assert (drafts.read("sandbox"), drafts.read("staging")) == (None, draft(0.6))


def test_the_newest_draft_takes_the_place_of_the_one_before(drafts: WaterfallDrafts, tmp_path: Path) -> None:
    drafts.write("sandbox", draft(0.5))
    drafts.write("sandbox", draft(0.9))
    assert drafts.read("sandbox") == draft(0.9)
    assert stat.S_IMODE(the_file(tmp_path).parent.stat().st_mode) == 0o700


def test_no_name_leads_out_of_the_folder(drafts: WaterfallDrafts, tmp_path: Path) -> None:
    drafts.write("../../etc/other", draft())
    assert the_file(tmp_path).parent == tmp_path / "state" / "drafts"
    assert drafts.read("../../etc/other") == draft()


@pytest.mark.parametrize("content", [b"", b'{"base": ', b"[]", b'{"fields": []}', b"\xff\xfe"])
def test_a_broken_file_is_named_and_left_as_it_is(
    drafts: WaterfallDrafts, tmp_path: Path, content: bytes
) -> None:
    drafts.write("sandbox", draft())
    path = the_file(tmp_path)
    path.write_bytes(content)
    with pytest.raises(OperatorError, match="cannot be read") as caught:
        drafts.read("sandbox")
    assert str(path) in caught.value.message
    assert (caught.value.exit_code, path.read_bytes()) == (ExitCode.REFUSED, content)
    drafts.write("sandbox", draft())
    assert drafts.read("sandbox") == draft()


def test_a_place_that_cannot_be_used_is_named(drafts: WaterfallDrafts, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "drafts").write_text("a file where the folder should be")
    with pytest.raises(OperatorError, match="cannot be kept"):
        drafts.write("sandbox", draft())
    with pytest.raises(OperatorError, match="cannot be read"):
        drafts.read("sandbox")


def test_an_interrupted_write_leaves_the_draft_before(
    drafts: WaterfallDrafts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts.write("sandbox", draft(0.5))

    def killed(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(OperatorError, match="No space left"):
        drafts.write("sandbox", draft(0.9))
    assert drafts.read("sandbox") == draft(0.5)


def test_many_writers_leave_one_whole_draft(drafts: WaterfallDrafts, tmp_path: Path) -> None:
    wanted = [draft(n / 100) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: drafts.write("sandbox", one), wanted))
    assert drafts.read("sandbox") in wanted
    assert the_file(tmp_path).name == "waterfall-sandbox.json"
