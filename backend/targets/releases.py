"""Releases of the local target: immutable folders with the services' code, their packages and a manifest."""

import compileall
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY
from backend.contracts.errors import OperatorError
from backend.disk_space import is_out_of_space
from backend.home import EnvironmentFolder, make_private_folder
from backend.targets import runtime
from backend.targets.port import Output, Release
from backend.targets.release_names import next_release_id
from backend.targets.source_tree import commit_of

MODULES = {
    GATEWAY: "backend.services.api_gateway",
    ENRICHMENT: "backend.services.metadata_enrichment",
    DLQ_MANAGER: "backend.services.dlq_manager",
}
"""The module that each service is started with."""

_SHIPPED = ("__init__.py", "http.py", "contracts", "messaging", "services")
"""The parts of `backend` that services import."""

MIGRATIONS = "migrations"
"""Where a release keeps the migrations it was made with: a rollback needs their down files."""


class Releases:
    """The releases of one environment, made from the source tree `source`."""

    def __init__(self, folder: EnvironmentFolder, source: Path) -> None:
        self._folder = folder
        self._source = source

    def next_id(self, today: datetime | None = None) -> str:
        """`YYYY.MM.DD-N` with the first N that is free."""
        return next_release_id(self._folder.releases, today)

    def get(self, release_id: str) -> Release | None:
        """A complete release; None when it does not exist or was left half made."""
        manifest = self._folder.releases / release_id / "manifest.json"
        if not release_id or not manifest.is_file():
            return None
        content = json.loads(manifest.read_text())
        return Release(
            id=release_id,
            digest=content["digest"],
            size_bytes=content["size_bytes"],
            created_at=datetime.fromisoformat(content["created_at"]),
            commit=content["commit"],
            sizes=content["sizes"],
        )

    def build(self, release_id: str, output: Output) -> Release:
        """Copy, compile, try every import, then put the release in place with one rename."""
        done = self.get(release_id)
        if done is not None:
            return done
        try:
            return self._build(release_id, output)
        except (OSError, OperatorError) as error:
            if not is_out_of_space(error):
                raise
            self._remove_half_made()
            raise OperatorError(
                f"There was no space left for the release {release_id} in {self._folder.releases} or its "
                f"packages in {self._folder.runtimes}: {error}",
                "Free some space there and deploy again. What was half made was removed; what runs was not "
                "touched.",
            ) from error

    def _build(self, release_id: str, output: Output) -> Release:
        runtime_folder = self._build_runtime(output)
        building = make_private_folder(self._folder.releases) / f".building-{release_id}"
        shutil.rmtree(building, ignore_errors=True)
        self._copy_code(building / "app", output)
        shutil.copytree(self._source / "resources" / "migrations", building / MIGRATIONS)
        self._try_imports(building, runtime_folder, output)
        manifest = self._manifest(building, runtime_folder)
        (building / "manifest.json").write_text(json.dumps(manifest, indent=2))
        _make_read_only(building)
        building.rename(self._folder.releases / release_id)
        output(
            "build", f"release {release_id}: {manifest['size_bytes'] / 1e6:.0f} MB, {manifest['digest'][:12]}"
        )
        built = self.get(release_id)
        if built is None:
            raise OperatorError(f"The release {release_id} disappeared while it was made.", "Build it again.")
        return built

    def migrations(self, release_id: str) -> Path | None:
        """The sets of migrations that a release came with; None when there is no such release."""
        folder = self._folder.releases / release_id / MIGRATIONS
        return folder if release_id and folder.is_dir() else None

    def command(self, service: str) -> list[str]:
        """The command that starts a service; `environment` gives it its code."""
        return [_base_python(), "-P", "-S", "-m", MODULES[service]]

    def environment(self, release_id: str) -> dict[str, str]:
        """The variables that make a process use the release's code and packages and nothing else."""
        folder = self._folder.releases / release_id
        manifest = json.loads((folder / "manifest.json").read_text())
        return _python_environment(folder / "app", self._folder.runtimes / manifest["runtime"])

    def _remove_half_made(self) -> None:
        for folder in (self._folder.releases, self._folder.runtimes):
            for building in folder.glob(".building-*"):
                shutil.rmtree(building, ignore_errors=True)

    def _build_runtime(self, output: Output) -> Path:
        distributions = runtime.closure(runtime.service_requirements(self._source))
        name = runtime.digest(distributions)[:16]
        folder = make_private_folder(self._folder.runtimes) / name
        if folder.is_dir():
            output("build", f"packages: {len(distributions)} in {name}, already there")
            return folder
        building = folder.with_name(f".building-{name}")
        shutil.rmtree(building, ignore_errors=True)
        output("build", f"packages: copying {len(distributions)} into {name}")
        runtime.copy(distributions, building)
        compileall.compile_dir(building, quiet=2, workers=1)
        building.rename(folder)
        return folder

    def _copy_code(self, destination: Path, output: Output) -> None:
        package = destination / "backend"
        package.mkdir(parents=True)
        for name in _SHIPPED:
            source = self._source / "backend" / name
            if source.is_dir():
                shutil.copytree(source, package / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, package / name)
        output("build", f"code: {sum(1 for _ in package.rglob('*.py'))} files")
        if not compileall.compile_dir(package, quiet=2, workers=1):
            # It does not tell a file that it could not write from one that it could not compile.
            if shutil.disk_usage(package).free < _size(package):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(package))
            raise OperatorError(
                "The services' code does not compile.",
                f"Run: python -m compileall {self._source / 'backend'}",
            )

    def _try_imports(self, building: Path, runtime_folder: Path, output: Output) -> None:
        for service, module in MODULES.items():
            done = subprocess.run(
                [_base_python(), "-P", "-S", "-c", f"import {module}.__main__"],
                env=_python_environment(building / "app", runtime_folder),
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            if done.returncode != 0:
                for line in done.stderr.splitlines()[-15:]:
                    output(service, line)
                cause = done.stderr.strip().splitlines()[-1]
                raise OperatorError(
                    f"{service} cannot be imported from the new release: {cause}",
                    "Mend the code; nothing that runs was touched.",
                )
            output("build", f"{service}: imports from the release")

    def _manifest(self, building: Path, runtime_folder: Path) -> dict[str, Any]:
        sizes = {"code": _size(building), "packages": _size(runtime_folder)}
        content = hashlib.sha256(runtime_folder.name.encode())
        for path in sorted(p for p in building.rglob("*") if p.suffix in (".py", ".sql", ".json")):
            content.update(str(path.relative_to(building)).encode() + b"\0" + path.read_bytes() + b"\0")
        return {
            "digest": content.hexdigest(),
            "size_bytes": sum(sizes.values()),
            "sizes": sizes,
            "created_at": datetime.now(UTC).isoformat(),
            "commit": commit_of(self._source),
            "runtime": runtime_folder.name,
            "python": sys.version.split()[0],
        }


def _base_python() -> str:
    """The interpreter below the virtual environment: a release must not see the console's packages."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


def _python_environment(code: Path, packages: Path) -> dict[str, str]:
    return {"PYTHONPATH": f"{code}:{packages}", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _make_read_only(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
