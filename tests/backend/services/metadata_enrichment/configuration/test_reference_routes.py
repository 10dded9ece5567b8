"""`PUT /admin/config/field/{field}` with the reference's query parameters makes a version like any other."""

from typing import Any

import pytest

from backend.contracts.waterfall_diff import diff
from tests.backend.services.metadata_enrichment.configuration.operator import VERSIONS, Operator


def put(operator: Operator, field: str, author: str = "", **query: Any) -> tuple[int, Any]:
    headers = {"X-Author": author} if author else {}
    answer = operator.ask("PUT", f"/admin/config/field/{field}", params=query, headers=headers)
    return answer.status_code, answer.json()


def test_a_change_of_one_field_is_a_version_by_its_author(operator: Operator) -> None:
    before = operator.in_force()
    status, answer = put(
        operator, "label", "ada@desk", priority_1_provider="discogs", priority_2_provider="beatport"
    )
    assert status == 200
    assert [row["provider"] for row in answer["waterfall_priorities"]] == ["discogs", "beatport"]
    after = operator.in_force()
    assert (after.version, after.author) == (before.version + 1, "ada@desk")
    assert after.comment == "Over /admin/config: label: Discogs moved from place 2 to 1"
    assert [each.field for each in diff(before.fields, after.fields)] == ["label"]
    assert operator.ask("GET", "/admin/config/field/label").json() == answer
    newest = operator.ask("GET", VERSIONS, params={"limit": 1}).json()[0]
    assert newest["base_version"] == before.version


def test_a_field_that_is_switched_off_can_still_be_read(operator: Operator) -> None:
    status, answer = put(operator, "bpm", enabled="false")
    assert (status, answer["enabled"]) == (200, False)
    assert operator.in_force().author == "api"
    assert operator.ask("GET", "/admin/config/field/bpm").json()["enabled"] is False
    assert operator.ask("GET", "/admin/config").json()["configuration"]["fields"]["bpm"]["enabled"] is False
    assert put(operator, "bpm", enabled="true")[1]["enabled"] is True


def test_what_changes_nothing_makes_no_version(operator: Operator) -> None:
    before = operator.in_force()
    first = before.fields[0]
    assert put(operator, first.field, priority_1_provider=first.sources[0].provider)[0] == 200
    assert operator.in_force() == before


@pytest.mark.parametrize(
    ("field", "query", "status", "words"),
    [
        ("label", {}, 400, "Nothing is given"),
        ("mood", {"enabled": "true"}, 404, "no field 'mood'"),
        ("bpm", {"priority_3_provider": "discogs"}, 400, "priority_3_confidence is needed"),
        ("bpm", {"priority_1_provider": "tidal"}, 422, "no provider tidal"),
        ("bpm", {"priority_1_provider": "tidal\x00"}, 422, "no provider tidal"),
        ("isrc", {"enabled": "false"}, 422, "A track needs this field"),
        ("isrc", {"priority_1_confidence": "1.5"}, 422, "less than or equal to 1"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_done(
    operator: Operator, field: str, query: dict[str, str], status: int, words: str
) -> None:
    before = operator.in_force()
    code, answer = put(operator, field, **query)
    assert (code, words in str(answer["detail"])) == (status, True), answer
    assert operator.in_force() == before
