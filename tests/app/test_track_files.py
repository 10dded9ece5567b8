"""Files of tracks as people have them: every row becomes a request or is reported."""

import json
from pathlib import Path

import pytest

from app.track_files import TrackFile, read_tracks
from app.track_rows import LONGEST_LINE
from backend.contracts.errors import OperatorError
from backend.contracts.imports import BadRow

HEADER = "track_id,artist_name,track_title"


def read(folder: Path, text: str | bytes, name: str = "tracks.csv") -> TrackFile:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_tracks(path)


def titles(held: TrackFile) -> list[str]:
    return [request.track_title for request in held.requests()]


def problems(held: TrackFile) -> list[tuple[int, str]]:
    return [(bad.line, bad.problem) for bad in held.report.bad]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\nt-1,Röyksopp,Eple\n",
        f"\ufeff{HEADER}\r\nt-1,Röyksopp,Eple\r\n",
        "ID;Artist;Title\r\nt-1;Röyksopp;Eple\r\n",
        "sep=|\nid|artist|title\nt-1|Röyksopp|Eple\n",
        "Track ID\tArtist name\tTrack title\nt-1\tRöyksopp\tEple",
        f'{HEADER}\r"t-1","Röyksopp"," Eple "\r\r,,\r',
        f"{HEADER},comment\nt-1,Röyksopp,Eple\n",
        f"{HEADER}\nt-1,Röyksopp,Eple,,\n",
    ],
)
def test_csv_in_its_usual_dialects(tmp_path: Path, text: str) -> None:
    held = read(tmp_path, text)
    (request,) = held.requests()
    assert (request.track_id, request.artist_name, request.track_title) == ("t-1", "Röyksopp", "Eple")
    assert (held.report.rows, held.report.good, held.report.bad) == (1, 1, [])


def test_quotes_line_breaks_and_inches(tmp_path: Path) -> None:
    held = read(
        tmp_path,
        f'{HEADER}\nt-1,"Earth, Wind & Fire","Say ""yes"""\n'
        't-2,Someone,"Two\r\nlines"\nt-3,Someone,Blue 12" mix\n',
    )
    assert titles(held) == ['Say "yes"', "Two\r\nlines", 'Blue 12" mix']


def test_a_quote_that_is_never_closed_costs_its_own_row(tmp_path: Path) -> None:
    rows = "".join(f"t-{number},Someone,Title\n" for number in range(200))
    held = read(tmp_path, f'{HEADER}\nlost,"Someone,Title\n{rows}also,Someone,"Title\n')
    unclosed = "a quotation mark is opened and not closed"
    assert problems(held) == [(2, unclosed), (203, unclosed)]
    assert (held.report.good, held.report.rows) == (200, 202)
    assert held.report.bad[0].text == 'lost,"Someone,Title'


def test_what_is_wrong_with_a_row_is_said_in_words(tmp_path: Path) -> None:
    held = read(
        tmp_path,
        f"{HEADER},priority\n,A,B,5\nt-1,A\nt-2,A,B,5,6\nt-3,A,B,eleven\nt-4,A,B\x00,5\n"
        f't-5,A,"B"x,5\nt-6,{"A" * 501},B,5\nt-7,A,B,7\n',
    )
    assert problems(held) == [
        (2, "track_id is missing"),
        (3, "track_title is missing"),
        (4, "it has 5 columns, the header has 4"),
        (5, "priority: Input should be a valid integer, unable to parse string as an integer"),
        (6, "track_title: must not contain the NUL character"),
        (7, "its quotation marks cannot be read: ',' expected after '\"'"),
        (8, "artist_name: String should have at most 500 characters"),
    ]
    assert [request.priority for request in held.requests()] == [7]


def test_the_last_row_of_a_track_counts(tmp_path: Path) -> None:
    held = read(tmp_path, f"{HEADER}\nt-1,A,first\nt-2,A,other\nt-1,A,second\nt-1,,\n")
    assert titles(held) == ["other", "second"]
    assert (held.report.rows, held.report.good, held.report.duplicates) == (4, 2, 1)
    assert problems(held) == [(5, "artist_name is missing; track_title is missing")]


def test_json_lines(tmp_path: Path) -> None:
    good = {"id": 7, "artist": "A", "title": "B", "isrc": None, "force_refresh": True}
    lines = [
        "[]",
        "{",
        json.dumps(good),
        "",
        "[" * 100_000,
        '{"id": true, "artist": "A", "title": "B"}',
        "\x00",
    ]
    held = read(tmp_path, "\n".join(lines), "tracks.jsonl")
    (request,) = held.requests()
    assert (request.track_id, request.existing_isrc, request.force_refresh) == ("7", None, True)
    assert [bad.line for bad in held.report.bad] == [1, 2, 5, 6, 7]
    assert held.report.bad[0].problem == "it is no JSON object"
    assert held.report.bad[1].problem.startswith("it is no JSON: ")
    assert held.report.bad[3].problem == "track_id: Input should be a valid string"


@pytest.mark.parametrize(("name", "before"), [("tracks.csv", HEADER + "\n"), ("tracks.ndjson", "{}\n")])
def test_a_huge_line_costs_its_own_row(tmp_path: Path, name: str, before: str) -> None:
    huge = f"t-1,A,{'B' * 3 * LONGEST_LINE}\n"
    after = "t-2,A,B\n" if name.endswith("csv") else '{"id": "t-2", "artist": "A", "title": "B"}\n'
    held = read(tmp_path, before + huge + after, name)
    assert [request.track_id for request in held.requests()] == ["t-2"]
    assert held.report.bad[-1].problem == f"the line has more than {LONGEST_LINE} characters"
    assert len(held.report.bad[-1].text) == 200


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("tracks.xlsx", b"PK", "neither CSV nor JSON Lines"),
        ("tracks.csv", b"PK\x03\x04rest", "a spreadsheet or an archive, not UTF-8 text"),
        ("tracks.csv", HEADER.encode("utf-16"), "is UTF-16, not UTF-8 text"),
        ("tracks.csv", HEADER.encode("utf-16-le"), "is UTF-16 or no text, not UTF-8 text"),
        ("tracks.csv", f"{HEADER}\nt-1,Röyksopp,Eple".encode("latin-1"), "not UTF-8: byte 0xF6 in line 2"),
        ("tracks.jsonl", b"\n" * 70_000 + b"\xff\n", "not UTF-8: byte 0xFF in line 70001"),
        ("tracks.csv", b"", "is empty"),
        ("tracks.csv", b"\n\n", "is empty"),
        ("tracks.csv", b"track_id,artist\n", "has no column track_title"),
        ("tracks.csv", f"{HEADER},artist\n".encode(), "has the column artist_name twice"),
    ],
)
def test_a_file_that_cannot_be_used_at_all(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(OperatorError) as refused:
        read(tmp_path, content, name)
    assert message in refused.value.message
    assert refused.value.remedy


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="No such file"):
        read_tracks(tmp_path / "tracks.csv")


def test_a_header_alone_is_a_file_without_tracks(tmp_path: Path) -> None:
    report = read(tmp_path, HEADER + "\n").report
    assert (report.rows, report.good, report.bad) == (0, 0, [])


def test_every_bad_row_is_told_though_the_report_keeps_the_first_ones(tmp_path: Path) -> None:
    path, told, words = tmp_path / "tracks.csv", list[BadRow](), list[tuple[int, int]]()
    path.write_text(HEADER + "\n" + "t-1,,\n" * 6000)
    report = read_tracks(path, lambda done, of: words.append((done, of)), told.append).report
    assert (len(told), len(report.bad), report.rows) == (6000, 1000, 6000)
    ((done, of),) = words
    assert 0 < done < of == path.stat().st_size
