"""Profiles added, changed and removed, by the port and by the command line."""

import json
from pathlib import Path

import pytest

from app.command_line import main
from app.composition import Composition
from backend.contracts.access import ReadOnlyError
from backend.contracts.environment import Tier
from backend.contracts.errors import OperatorError
from backend.contracts.profile_form import read_form
from backend.contracts.runs import ExitCode
from backend.home import Home
from tests.fixtures.sandbox import new_sandbox

COMMENTED = """\
# who to call: lea
tier = "staging"  # not the real one

[ports]
# 8022 is taken there
gateway = 9022

[providers]
deezer = "live"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("SONGNODES_HOME", str(tmp_path))
    return Home(tmp_path)


def write(home: Home, name: str, text: str) -> Path:
    home.profiles.mkdir(parents=True, exist_ok=True)
    path = home.profiles / f"{name}.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"ports.gateway": "70000"}, "ports.gateway", "1 to 65535"),
        ({"ports.gateway": "eight"}, "ports.gateway", "Not a whole number"),
        ({"ports.gateway": "8020"}, "ports.gateway", "also the port of enrichment"),
        ({"watch_minutes": "241"}, "watch_minutes", "0 to 240 minutes"),
        ({"tier": "huge"}, "tier", "One of dev, staging or production"),
        ({"host": "http://db"}, "host", "without http://"),
        ({"grafana_url": "grafana:3000"}, "grafana_url", "http://host:port"),
        ({"grafana_url": "http://me:secret@grafana"}, "grafana_url", "never hold secrets"),
        ({"kind": "compose", "compose.docker_host": "tcp://x"}, "compose.docker_host", "has no port"),
        ({"kind": "compose", "compose.tls_folder": "/tls"}, "compose.tls_folder", "tcp://host:port"),
        ({"kind": "compose", "compose.workers": "99"}, "compose.workers", "0 to 64"),
        ({"kind": "compose", "compose.project": "Ä"}, "compose.project", "Small letters"),
        ({"providers.deezer": "maybe"}, "providers.deezer", "One of simulated or live"),
    ],
)
def test_what_is_wrong_stands_at_its_field_in_plain_words(
    values: dict[str, str], field: str, words: str
) -> None:
    environment, problems = read_form("stage", values)
    assert environment is None
    assert list(problems) == [field]
    assert words in problems[field]


def test_the_name_is_a_field_too() -> None:
    assert "a letter first" in read_form("9 lives", {})[1]["name"]


def test_saving_keeps_comments_order_and_unknown_entries(home: Home) -> None:
    path = write(home, "stage", COMMENTED + '[notes]\nowner = "lea"\n')
    profiles = Composition(home).profiles()
    before = profiles.profile("stage")
    assert before.unknown == ("notes.owner",)
    values = {**before.values, "host": "10.0.0.7", "ports.redis": "6380", "providers.deezer": ""}
    after = profiles.save("stage", values, new=False)
    text = path.read_text()
    assert text.startswith('# who to call: lea\ntier = "staging"  # not the real one\nhost = "10.0.0.7"\n')
    assert "# 8022 is taken there\ngateway = 9022\nredis = 6380\n" in text
    assert "deezer" not in text
    assert '[notes]\nowner = "lea"' in text
    assert after.environment is None
    assert "notes" in after.problem
    assert [each.name for each in home.profiles.iterdir()] == ["stage.toml"], "no half-written file is left"


def test_nothing_is_written_while_something_is_wrong(home: Home) -> None:
    path = write(home, "stage", COMMENTED)
    profiles = Composition(home).profiles()
    with pytest.raises(OperatorError, match=r"Nothing was written\. ports\.gateway"):
        profiles.save("stage", {"ports.gateway": "x"}, new=False)
    with pytest.raises(OperatorError, match="already"):
        profiles.save("stage", {}, new=True)
    assert path.read_text() == COMMENTED
    path.write_text("[ports")
    with pytest.raises(OperatorError, match="so nothing was written"):
        profiles.save("stage", {"tier": "dev"}, new=False)
    assert path.read_text() == "[ports"


def test_changing_the_kind_drops_what_belongs_to_the_other(home: Home) -> None:
    profiles = Composition(home).profiles()
    values = {"kind": "compose", "compose.docker_host": "ssh://ops@db1", "compose.workers": "4"}
    assert profiles.save("far", values, new=True).environment is not None
    saved = profiles.save("far", {**values, "kind": "local"}, new=False)
    assert saved.environment is not None
    assert "compose" not in (home.profiles / "far.toml").read_text().replace("kind", "")


def test_production_is_not_made_another_tier_nor_removed_while_read_only(home: Home) -> None:
    path = write(home, "live", 'tier = "production"\n')
    parts = Composition(home)
    profiles = parts.profiles()
    with pytest.raises(ReadOnlyError):
        profiles.save("live", {"tier": "dev"}, new=False)
    with pytest.raises(ReadOnlyError):
        profiles.remove("live")
    path.write_text('tier = "production"\ncolour = "red"\n')
    with pytest.raises(ReadOnlyError):
        profiles.save("live", {"tier": "dev"}, new=False)
    path.write_text('tier = "production"\n')
    parts.access().unlock("live", 5, "moves to another name")
    profiles.remove("live")
    assert not path.exists()


def test_removing_says_what_stays_and_deletes_the_file_alone(home: Home) -> None:
    write(home, "stage", COMMENTED)
    kept = home.environment("stage").backups
    kept.mkdir(parents=True)
    profiles = Composition(home).profiles()
    assert profiles.removal("stage").stays == (str(home.environment("stage").root),)
    profiles.remove("stage")
    assert kept.exists()
    assert Composition(home).environments.names() == ["sandbox"]
    assert "always there" in profiles.removal("sandbox").refused


def test_the_command_line_adds_shows_changes_and_removes(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> tuple[int, list[dict[str, object]]]:
        code = main(["environments", *words, "--json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert run("add", "stage", "--tier", "staging", "--set", "ports.gateway=9022")[0] == 0
    assert run("add", "stage")[0] == ExitCode.USAGE
    assert run("edit", "stage", "--set", "ports.gateway=9000000")[0] == ExitCode.USAGE
    assert run("edit", "stage", "--set", "colour=red")[0] == ExitCode.USAGE
    assert run("edit", "stage", "--unset", "ports.gateway", "--set", "watch_minutes=7")[0] == 0
    code, (shown, end) = run("show", "stage")
    assert (code, end["exit_code"]) == (0, 0)
    assert shown["values"] == {"kind": "local", "tier": "staging", "watch_minutes": "7"}
    names = [event["name"] for event in run("list")[1][:-1]]
    assert names == ["sandbox", "stage"]
    assert run("remove", "stage")[0] == ExitCode.REFUSED, "nobody confirmed"
    assert run("remove", "stage", "--yes")[0] == 0
    assert run("show", "stage")[0] == ExitCode.USAGE


def test_the_command_tests_a_connection(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    new_sandbox(home.root)
    assert main(["environments", "test", "sandbox", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    checks = {event["key"]: event["state"] for event in events if event["event"] == "check"}
    assert checks["ports"] == "met"
    assert checks["services"] == "not applicable"
    assert events[-2]["event"] == "connection"
    assert (
        main(
            [
                "environments",
                "add",
                "far",
                "--kind",
                "compose",
                "--set",
                "compose.docker_host=tcp://127.0.0.1:1",
            ]
        )
        == 0
    )
    capsys.readouterr()
    assert main(["environments", "test", "far"]) == ExitCode.FAILED
    assert "refuses the connection" in capsys.readouterr().out


def test_a_broken_profile_is_listed_with_what_is_wrong(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home, "odd", 'tier = "huge"\n')
    profile = Composition(home).profiles().profile("odd")
    assert (profile.environment, profile.values) == (None, {"tier": "huge"})
    assert Composition(home).profiles().save("odd", {"tier": Tier.DEV.value}, new=False).environment
    write(home, "worse", "[ports")
    assert main(["environments"]) == 0
    assert "broken" in capsys.readouterr().out
