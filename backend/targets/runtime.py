"""The dependencies of a release: copied out of the installed packages into a folder of their own.

A release must run next month as it runs today, whatever happens to the console's own virtual
environment, and making it may need no package index. So the distributions that the `services` extra
asks for are copied, file by file as their records list them, into a folder named after their versions.
"""

import hashlib
import importlib.metadata
import importlib.util
import shutil
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from backend.contracts.errors import OperatorError


def service_requirements(source: Path) -> list[Requirement]:
    """What the `services` extra of the project in `source` asks for."""
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in project["optional-dependencies"]["services"]]


def closure(requirements: Sequence[Requirement]) -> list[importlib.metadata.Distribution]:
    """The installed distributions that `requirements` need, directly or through others, by name."""
    found: dict[str, importlib.metadata.Distribution] = {}
    open_requirements = [r for r in requirements if _applies(r, "")]
    while open_requirements:
        requirement = open_requirements.pop()
        name = canonicalize_name(requirement.name)
        known = name in found
        distribution = found.setdefault(name, _installed(requirement))
        if known and not requirement.extras:
            continue
        open_requirements.extend(
            wanted for wanted in _needs(distribution, requirement.extras)
            if canonicalize_name(wanted.name) not in found or wanted.extras
        )  # fmt: skip
    return [found[name] for name in sorted(found)]


def digest(distributions: Sequence[importlib.metadata.Distribution]) -> str:
    """Names the set: the same versions on the same Python give the same digest."""
    lines = [f"{canonicalize_name(d.name)}=={d.version}" for d in distributions]
    text = "\n".join([sys.version, *lines])
    return hashlib.sha256(text.encode()).hexdigest()


def copy(distributions: Sequence[importlib.metadata.Distribution], folder: Path) -> None:
    """Copy the importable files of `distributions` into `folder`."""
    for distribution in distributions:
        for relative in _importable_files(distribution):
            source = Path(str(distribution.locate_file(relative)))
            destination = folder / relative
            destination.parent.mkdir(parents=True, exist_ok=True)
            # With its time: what was compiled of it is told by that to be of it.
            shutil.copy2(source, destination)
            _copy_compiled(source, destination)


def _copy_compiled(source: Path, destination: Path) -> None:
    """Take what was compiled already along; compiling all of it anew takes ten times as long as copying."""
    if source.suffix != ".py":
        return
    compiled = Path(importlib.util.cache_from_source(str(source)))
    if compiled.is_file():
        target = Path(importlib.util.cache_from_source(str(destination)))
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(compiled, target)


def _importable_files(distribution: importlib.metadata.Distribution) -> Iterator[Path]:
    for entry in distribution.files or ():
        path = Path(str(entry))
        if ".." in path.parts or path.suffix == ".pyc" or path.is_absolute():
            continue
        if Path(str(distribution.locate_file(entry))).is_file():
            yield path


def _installed(requirement: Requirement) -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution(requirement.name)
    except importlib.metadata.PackageNotFoundError as error:
        raise OperatorError(
            f"The package {requirement.name}, which the services need, is not installed.",
            "Run ./scripts/run.sh once: it installs what is missing.",
        ) from error


def _needs(distribution: importlib.metadata.Distribution, extras: set[str]) -> list[Requirement]:
    requirements = [Requirement(line) for line in distribution.requires or ()]
    return [r for r in requirements if any(_applies(r, extra) for extra in ("", *extras))]


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})
