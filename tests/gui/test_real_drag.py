"""A source is dragged with the mouse on a real X server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIRST = ["beatport", "discogs", "musicbrainz", "spotify", "lastfm"]


@pytest.fixture
def display() -> Iterator[str]:
    """An X server of this test's own, on the first number that is free."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(timeout=20)


def test_sources_are_reordered_by_dragging_them(display: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.real_drag"],
        cwd=ROOT,
        env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["platform"] == "xcb"
    down = ["discogs", "musicbrainz", "spotify", "lastfm", "beatport"]
    up = ["lastfm", "discogs", "musicbrainz", "spotify", "beatport"]
    assert told["orders"] == [FIRST, down, up, up, FIRST], "the third one was let go outside, then two undone"
    assert told["selected"] == "beatport", "what was moved stays selected"
    assert told["changed"] == []
    assert [0, 4] in told["hovers"], "where it would be is told before it is dropped"
    assert told["previews"] > 0
