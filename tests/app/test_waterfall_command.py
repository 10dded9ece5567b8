"""`main.py waterfall`, as an operator types it, against the enrichment service."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.command_line import main
from backend.contracts.replay import (
    DominatedStep,
    FieldComparison,
    FieldOutcome,
    ProviderCalls,
    ReplayComparison,
    ValueDifference,
    ValueSide,
)
from backend.database.address import DatabaseAddress
from backend.secret_files import SecretFiles
from backend.services.metadata_enrichment.app import create_app
from tests.backend.services.metadata_enrichment.serving import TOKEN, settings_for
from tests.fixtures.answering import always, answering
from tests.fixtures.provider_simulator import serving
from tests.fixtures.sandbox import Sandbox, new_sandbox


@dataclass
class Console:
    """Commands run in this process; the program's own start is tested elsewhere."""

    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output and errors of `main.py waterfall WORDS`."""
        code = main(["waterfall", *words])
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err

    def events(self, *words: str) -> list[dict[str, Any]]:
        """What it prints with --json, without the end; it has to be done."""
        lines = [json.loads(line) for line in self.run(*words, "--json")[1].splitlines()]
        assert lines.pop() == {"event": "end", "exit_code": 0}
        return lines


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A sandbox of which nothing runs."""
    sandbox = new_sandbox(tmp_path)
    SecretFiles(sandbox.home.environment("sandbox").secrets).put("admin_token", TOKEN)
    return sandbox


@pytest.fixture
def console(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    """A console on a sandbox without a service."""
    monkeypatch.setenv("SONGNODES_HOME", str(sandbox.home.root))
    return Console(capsys)


@pytest.fixture
def quiet() -> Iterator[None]:
    """The service in this process keeps its log out of the command's output."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.reset_defaults()


@pytest.fixture
def served(quiet: None, sandbox: Sandbox, musicdb: DatabaseAddress, console: Console) -> Iterator[Console]:
    """A console on a sandbox of which the enrichment service alone runs."""
    with serving(create_app(settings_for(musicdb, "no_broker_here"))) as url:
        sandbox.write_profile(f"[ports]\nenrichment = {url.rsplit(':', 1)[1]}\n")
        yield console


def changed(path: Path, field: str, **sources: Any) -> None:
    """Change the first source of a field in an exported file, as an editor would."""
    held = json.loads(path.read_text())
    next(one for one in held["fields"] if one["field"] == field)["sources"][0].update(sources)
    path.write_text(json.dumps(held))


def test_a_waterfall_is_exported_changed_applied_and_taken_back(served: Console, tmp_path: Path) -> None:
    file = tmp_path / "waterfall.json"
    assert served.run("export", str(file))[:2] == (0, f"Version 2 is in {file}.\n")
    assert served.run("apply", str(file), "--comment", "same")[1].startswith("Nothing differs from version 2")
    changed(file, "label", min_confidence=0.95)
    code, said, _ = served.run("apply", str(file), "--comment", "surer labels", "--dry-run")
    assert code == 0
    assert said.splitlines() == [
        "label: threshold of Beatport from 0.65 to 0.95",
        "! label, beatport: No value of it can ever be taken: the threshold 0.95 is above its reliability "
        "0.93, which no confidence exceeds. Lower the threshold.",
        "Dry run: nothing was changed.",
    ]
    code, _, errors = served.run("apply", str(file), "--comment", "surer labels")
    assert (code, "Nobody is there to confirm" in errors) == (4, True)
    difference, warning, applied = served.events("apply", str(file), "--comment", "surer labels", "--yes")
    assert (difference["field"], warning["provider"]) == ("label", "beatport")
    assert applied == {"event": "applied", "version": 3, "base_version": 2}
    assert "differs from version 3" in served.run("apply", str(file), "--comment", "once more", "--yes")[1]
    code, said, _ = served.run("revert", "2", "--comment", "too few", "--yes")
    assert (code, "Version 4 is in force" in said) == (0, True)
    newest, second, better, _first = served.events("history")
    assert (newest["version"], newest["comment"], newest["in_force"]) == (
        4,
        "Revert to version 2: too few",
        True,
    )
    assert (second["fields_changed"], better["author"]) == (["label"], "migration 006")
    assert served.run("diff", "2", "4")[1].strip() == "Nothing differs between version 2 and version 4."
    assert served.run("diff", "4", "3")[1].strip() == "label: threshold of Beatport from 0.65 to 0.95"
    assert len(served.run("history", "--limit", "1", "--before", "4")[1].splitlines()) == 1


def test_the_waterfall_is_shown_by_field_and_version(served: Console) -> None:
    code, said, _ = served.run("show")
    assert code == 0
    assert "  label              beatport ≥ 0.65 → discogs ≥ 0.60" in said.splitlines()
    (shown,) = served.events("show", "--field", "isrc", "--version", "1")
    assert [field["field"] for field in shown["fields"]] == ["isrc"]
    code, _, errors = served.run("show", "--field", "mood")
    assert (code, "has no field mood" in errors) == (64, True)
    code, _, errors = served.run("show", "--version", "9")
    assert (code, "no version 9" in errors) == (64, True)


def test_somebody_elses_newer_version_is_never_overwritten_by_chance(served: Console, tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine.json", tmp_path / "theirs.json"
    for file in (mine, theirs):
        served.run("export", str(file))
    changed(mine, "label", min_confidence=0.5)
    changed(theirs, "bpm", min_confidence=0.5)
    assert served.run("apply", str(theirs), "--comment", "theirs", "--yes")[0] == 0
    code, _, errors = served.run("apply", str(mine), "--comment", "mine", "--yes")
    assert code == 4
    assert "from version 2" in errors
    assert "main.py waterfall diff 2 3" in errors
    assert "--base 3" in errors
    assert len(served.events("history")) == 3
    assert served.run("apply", str(mine), "--comment", "mine", "--yes", "--base", "3")[0] == 0
    assert served.run("diff", "3", "4")[1].splitlines() == [
        "bpm: threshold of Beatport from 0.50 to 0.70",
        "label: threshold of Beatport from 0.65 to 0.50",
    ]


@pytest.mark.parametrize(
    ("field", "source", "words"),
    [
        ("label", {"provider": "tidal"}, "label: There is no provider tidal"),
        ("bpm", {"min_confidence": 2}, "less than or equal to 1"),
    ],
)
def test_what_breaks_the_rules_is_refused(
    served: Console, tmp_path: Path, field: str, source: dict[str, Any], words: str
) -> None:
    file = tmp_path / "waterfall.json"
    served.run("export", str(file))
    changed(file, field, **source)
    code, _, errors = served.run("apply", str(file), "--comment", "wrong", "--yes")
    assert (code in (4, 64), words in errors) == (True, True), errors
    assert len(served.events("history")) == 2


def test_a_comment_is_needed(served: Console, tmp_path: Path) -> None:
    file = tmp_path / "waterfall.json"
    served.run("export", str(file))
    assert served.run("apply", str(file), "--yes")[0] == 64
    code, _, errors = served.run("apply", str(file), "--comment", "  ", "--yes")
    assert (code, "comment: string should have at least 1 character" in errors) == (64, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is no waterfall (the file: Invalid JSON"),
        ('{"fields": []}', "is no waterfall (fields: List should have at least 1 item"),
        ('{"fields": [{"field": "bpm"}]}', "is no waterfall (fields.0.required_for_gold: Field required"),
    ],
)
def test_a_file_that_is_no_waterfall_is_named(
    console: Console, tmp_path: Path, text: str | None, words: str
) -> None:
    file = tmp_path / "waterfall.json"
    if text is not None:
        file.write_text(text)
    code, _, errors = console.run("apply", str(file), "--comment", "c")
    assert (code, words in errors, str(file) in errors) == (64, True, True), errors


def test_an_export_overwrites_nothing(served: Console, tmp_path: Path) -> None:
    file = tmp_path / "waterfall.json"
    file.write_text("mine")
    code, _, errors = served.run("export", str(file))
    assert (code, "is there already" in errors, file.read_text()) == (4, True, "mine")
    code, _, errors = served.run("export", str(tmp_path / "nowhere" / "w.json"))
    assert (code, "cannot be written" in errors) == (4, True)


def test_without_a_service_it_says_what_to_do(console: Console) -> None:
    code, _, errors = console.run("show")
    assert (code, "nothing listens there" in errors, "main.py up" in errors) == (1, True, True)


def test_a_preview_of_the_real_service_without_tracks_judges_nothing(served: Console, tmp_path: Path) -> None:
    file = tmp_path / "waterfall.json"
    served.run("export", str(file))
    code, said, errors = served.run("preview", str(file))
    assert (code, errors) == (0, "")
    assert said.splitlines()[0] == "0 tracks, 0 stored answers, beside version 2"
    (event,) = served.events("preview", str(file))
    assert (event["tracks"], event["judged_share"], event["differing"]) == (0, None, 0)


def test_a_preview_shows_what_would_be_different(sandbox: Sandbox, console: Console, tmp_path: Path) -> None:
    file = tmp_path / "waterfall.json"
    file.write_text(json.dumps({"fields": [{"field": "label", "required_for_gold": False, "sources": []}]}))
    with answering(always(200, COMPARISON.model_dump_json().encode())) as port:
        sandbox.write_profile(f"[ports]\nenrichment = {port}\n")
        code, said, _ = console.run("preview", str(file), "--values", "5")
        (event,) = console.events("preview", str(file))
    assert code == 0
    assert said.splitlines() == [
        "5000 tracks, 1 stored answer, beside version 3; 97% of the values can be judged",
        "  field                         filled      confidence  differ  unjudged",
        "  label                    4000 → 4100     0.81 → 0.84     120       150",
        "Calls a track: 2.30 → 2.10; hours for 10000 tracks:",
        "  discogs            1.00 → 0.80 calls a track, 2.8 → ? h",
        "! label, lastfm: It wins nothing. Switch it off.",
        "  label, deadmau5 – Strobe: nothing (below its threshold) → mau5trap (discogs)",
    ]
    assert ReplayComparison.model_validate(event) == COMPARISON
    code, _, errors = console.run("preview", str(file), "--tracks", "0")
    assert (code, "tracks: input should be greater than or equal to 1" in errors) == (64, True)


COMPARISON = ReplayComparison(
    base_version=3,
    tracks=5000,
    responses=1,
    evidence_until=None,
    fields=[
        FieldComparison(
            field="label",
            before=FieldOutcome(filled=4000, mean_confidence=0.81),
            after=FieldOutcome(filled=4100, mean_confidence=0.84),
            differing=120,
            unjudged=150,
        )
    ],
    differing=120,
    unjudged=150,
    judged_share=0.97,
    calls_per_track_before=2.3,
    calls_per_track_after=2.1,
    providers=[
        ProviderCalls(
            provider="discogs",
            before=1.0,
            after=0.8,
            limit_per_second=1.0,
            hours_before=2.8,
            hours_after=None,
        )
    ],
    bottleneck_before="discogs",
    bottleneck_after="discogs",
    differences=[
        ValueDifference(
            track_id="t",
            artist_name="deadmau5",
            track_title="Strobe",
            field="label",
            before=ValueSide(provider=None, detail="below its threshold"),
            after=ValueSide(provider="discogs", value="mau5trap"),
        )
    ],
    dominated=[
        DominatedStep(
            field="label",
            provider="lastfm",
            position=2,
            wins=0,
            asked=900,
            advice="It wins nothing. Switch it off.",
        )
    ],
    milliseconds=140.0,
)
