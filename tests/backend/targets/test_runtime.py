"""The packages of a release."""

import compileall
import importlib.util
from pathlib import Path

from packaging.requirements import Requirement

from backend.targets import runtime


def test_what_was_compiled_already_is_taken_along_and_is_valid(tmp_path: Path) -> None:
    distributions = runtime.closure([Requirement("packaging")])
    compileall.compile_dir(Path(str(distributions[0].locate_file("packaging"))), quiet=2)
    runtime.copy(distributions, tmp_path)
    source = tmp_path / "packaging" / "version.py"
    compiled = Path(importlib.util.cache_from_source(str(source)))
    before = compiled.stat()
    compileall.compile_dir(tmp_path, quiet=2)
    after = compiled.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_source_changed_since_is_compiled_anew(tmp_path: Path) -> None:
    runtime.copy(runtime.closure([Requirement("packaging")]), tmp_path)
    source = tmp_path / "packaging" / "version.py"
    compiled = Path(importlib.util.cache_from_source(str(source)))
    compiled.parent.mkdir(exist_ok=True)
    compileall.compile_dir(tmp_path, quiet=2)
    before = compiled.stat().st_ino
    source.write_text(source.read_text() + "\n# changed\n")
    compileall.compile_dir(tmp_path, quiet=2)
    assert compiled.stat().st_ino != before
