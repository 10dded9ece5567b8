"""A release that does not fit: the folder is named, and nothing half made is left."""

from pathlib import Path

from backend.home import Home
from tests.fixtures.limited_files import ROOT, run_limited

BUILD = """
import sys
from pathlib import Path
from backend.contracts.errors import OperatorError
from backend.home import Home
from backend.targets.releases import Releases

folder = Home(Path(sys.argv[1])).environment("sandbox")
try:
    Releases(folder, Path(sys.argv[2])).build("2026.11.25-1", lambda source, text: None)
except OperatorError as error:
    print(error.sentence())
"""


def test_no_space_is_named_and_the_half_made_release_removed(tmp_path: Path) -> None:
    done = run_limited(BUILD, str(tmp_path), str(ROOT), most_bytes=64_000)
    folder = Home(tmp_path).environment("sandbox")
    assert "There was no space left for the release 2026.11.25-1" in done.stdout, done.stdout + done.stderr
    assert str(folder.releases) in done.stdout
    assert "Free some space there and deploy again" in done.stdout
    for place in (folder.releases, folder.runtimes):
        assert not place.exists() or list(place.iterdir()) == []
