"""JSON Patch on text: what it names changes, every other byte stays."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.services.dlq_manager.json_patch import patched
from backend.services.dlq_manager.json_spans import NotJsonError, read_spans
from backend.services.dlq_manager.patch_steps import PatchError, PatchFailedError, read_patch

ODD = b'{ "big": 9223372036854775808123,  "a": 1, "a": 2, "f": 1.50e+2,\n "z~/": null, "l": [1, 2.0,3] }'


def apply(body: bytes, *steps: dict[str, Any]) -> bytes:
    return patched(body, read_patch(steps))


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"op": "replace", "path": "/f", "value": "ü"}, ODD.replace(b"1.50e+2", '"ü"'.encode())),
        ({"op": "remove", "path": "/big"}, ODD.replace(b'"big": 9223372036854775808123,  ', b"")),
        ({"op": "remove", "path": "/l"}, ODD.replace(b', "l": [1, 2.0,3]', b"")),
        ({"op": "remove", "path": "/l/2"}, ODD.replace(b",3]", b"]")),
        ({"op": "add", "path": "/n", "value": None}, ODD.replace(b"3] }", b'3], "n": null }')),
        ({"op": "add", "path": "/l/0", "value": 0}, ODD.replace(b"[1", b"[0,1")),
        ({"op": "add", "path": "/l/-", "value": [4]}, ODD.replace(b"3]", b"3,[4]]")),
        ({"op": "add", "path": "/f", "value": False}, ODD.replace(b"1.50e+2", b"false")),
        ({"op": "copy", "from": "/big", "path": "/f"}, ODD.replace(b"1.50e+2", b"9223372036854775808123")),
        (
            {"op": "move", "from": "/big", "path": "/l/1"},
            ODD.replace(b'"big": 9223372036854775808123,  ', b"").replace(
                b" 2.0", b" 9223372036854775808123,2.0"
            ),
        ),
        ({"op": "test", "path": "/l", "value": [1, 2, 3]}, ODD),
        ({"op": "test", "path": "/f", "value": 150}, ODD),
        ({"op": "test", "path": "/z~0~1", "value": None}, ODD),
        ({"op": "move", "from": "/l", "path": "/l"}, ODD),
        ({"op": "replace", "path": "", "value": {}}, b"{}"),
    ],
)
def test_what_a_step_does_not_name_stays_byte_for_byte(step: dict[str, Any], expected: bytes) -> None:
    assert apply(ODD, step) == expected


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"op": "replace", "path": "/a", "value": 1}, "more than once"),
        ({"op": "remove", "path": "/none"}, "no such place"),
        ({"op": "remove", "path": "/l/3"}, "no such place"),
        ({"op": "remove", "path": "/l/-"}, "no such place"),
        ({"op": "add", "path": "/l/4", "value": 0}, "shorter than that"),
        ({"op": "add", "path": "/l/01", "value": 0}, "leading zeros"),
        ({"op": "add", "path": "/f/x", "value": 0}, "has no parts"),
        ({"op": "add", "path": "/none/x", "value": 0}, "no such place"),
        ({"op": "remove", "path": ""}, "cannot be taken away"),
        ({"op": "test", "path": "/f", "value": True}, "another one"),
        ({"op": "test", "path": "/big", "value": 9223372036854775808124}, "another one"),
        ({"op": "test", "path": "/l", "value": [1, 2]}, "another one"),
    ],
)
def test_a_step_that_cannot_be_done_changes_nothing(step: dict[str, Any], why: str) -> None:
    with pytest.raises(PatchFailedError, match=why) as failed:
        apply(ODD, {"op": "replace", "path": "/f", "value": 0} if step["path"] != "/f" else step, step)
    assert failed.value.args[0].startswith("step ")


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"", "not JSON"), (b"\xff{}", "UTF-8"), (b"{'a': 1}", "not JSON"), (b'{"a": NaN}', "not JSON")],
)
def test_other_payloads_are_not_patched(body: bytes, why: str) -> None:
    with pytest.raises(PatchFailedError, match=why):
        apply(body, {"op": "test", "path": "", "value": 1})


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ([], "no steps"),
        ([{"op": "merge", "path": ""}], "op has to be one of"),
        ([{"op": ["add"], "path": ""}], "op has to be one of"),
        ([{"op": "add", "path": "/a"}], "add needs value"),
        ([{"op": "copy", "path": "/a"}], "copy needs from"),
        ([{"op": "remove"}], "remove needs path"),
        ([{"op": "remove", "path": "a"}], "begins with"),
        ([{"op": "remove", "path": 1}], "begins with"),
        ([{"op": "remove", "path": "/a~2"}], "written ~0"),
        ([{"op": "move", "from": "/a", "path": "/a/b"}], "into itself"),
        ([{"op": "add", "path": "/a", "value": float("nan")}], "written as JSON"),
        ([{"op": "add", "path": "/a", "value": "\ud800"}], "written as JSON"),
        ([{"op": "test", "path": "", "value": 1}, {"op": "add", "path": "/a"}], "Step 2"),
    ],
)
def test_a_wrong_patch_is_refused_before_it_is_tried(patch: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(PatchError, match=why):
        read_patch(patch)


def test_however_deep_and_however_long() -> None:
    deep = b'{"a": 1, "d": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    assert apply(deep, {"op": "replace", "path": "/a", "value": 2}) == deep.replace(b"1", b"2", 1)
    number = b'{"n": ' + b"9" * 5000 + b"}"
    assert apply(number, {"op": "add", "path": "/m", "value": 1}) == number[:-1] + b',"m": 1}'
    assert apply(number, {"op": "copy", "from": "/n", "path": "/m"}).count(b"9") == 10_000
    with pytest.raises(PatchFailedError, match="cannot be compared"):
        apply(deep, {"op": "test", "path": "/d", "value": []})


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(value=VALUES, ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))
def test_spans_cover_whatever_json_writes(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = f" {json.dumps(value, ensure_ascii=ascii_only, indent=indent)}\n"
    waiting = [(read_spans(text), value)]
    while waiting:
        node, expected = waiting.pop()
        assert json.loads(text[node.start : node.end]) == expected
        if isinstance(expected, dict):
            waiting += zip(node.items, expected.values(), strict=True)
        elif isinstance(expected, list):
            waiting += zip(node.items, expected, strict=True)


@settings(max_examples=200)
@given(text=st.text(alphabet='{}[],:"\\ \n\tu0019.-+eEtruefalsn\x00é', max_size=40))
def test_what_is_no_json_is_refused_as_json_refuses_it(text: str) -> None:
    try:
        json.loads(text, parse_constant=_no_constant)
        known = True
    except ValueError:
        known = False
    try:
        read_spans(text)
    except NotJsonError:
        assert not known
    else:
        assert known


def _no_constant(name: str) -> None:
    raise ValueError(name)


@settings(max_examples=60)
@given(
    document=st.dictionaries(st.text(max_size=3), VALUES, min_size=1, max_size=5), new=VALUES, data=st.data()
)
def test_a_patch_means_what_it_means_on_values(
    document: dict[str, Any], new: Any, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(document)))
    fresh = data.draw(st.text(max_size=5))
    path, added = (f"/{name.replace('~', '~0').replace('/', '~1')}" for name in (key, fresh))
    expected = copy.deepcopy(document)
    expected[fresh] = new
    if fresh != key:
        del expected[key]
    body = json.dumps(document).encode()
    steps = [{"op": "add", "path": added, "value": new}]
    if fresh != key:
        steps.append({"op": "remove", "path": path})
    assert json.loads(apply(body, *steps)) == expected
