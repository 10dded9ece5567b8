import json
import shlex

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.environment import Environment, Ports
from controllers.end_to_end import DEFAULT_REQUEST, curl_command, pretty

SANDBOX = Environment(name="sandbox")


def test_the_command_is_the_playbooks() -> None:
    words = shlex.split(curl_command(SANDBOX, DEFAULT_REQUEST))
    assert words[:4] == ["curl", "-X", "POST", "http://localhost:8020/enrich"]
    assert json.loads(words[-1]) == {
        "track_id": "test-e2e-001",
        "artist_name": "Deadmau5",
        "track_title": "Strobe",
    }


def test_the_command_can_be_pasted_whatever_was_typed() -> None:
    request = EnrichRequest(track_id="a'; rm -rf /", artist_name="Beyoncé", track_title='"$(id)"')
    words = shlex.split(curl_command(SANDBOX, request))
    assert json.loads(words[-1])["track_id"] == "a'; rm -rf /"
    assert json.loads(words[-1])["track_title"] == '"$(id)"'
    assert "Beyoncé" in words[-1]


def test_the_port_is_the_environments() -> None:
    other = Environment(name="other", ports=Ports(enrichment=9020))
    assert "http://localhost:9020/enrich" in curl_command(other, DEFAULT_REQUEST)


def test_pretty_json_keeps_the_order() -> None:
    assert pretty({"b": 1, "a": "ü"}) == '{\n  "b": 1,\n  "a": "ü"\n}'
