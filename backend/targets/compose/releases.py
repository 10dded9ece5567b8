"""Releases of the Compose target: images known by their ids, and what they were started with."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.home import EnvironmentFolder, make_private_folder
from backend.targets.compose.engine import DockerEngine, Image
from backend.targets.compose.names import repository
from backend.targets.compose.variables import read_variables
from backend.targets.port import Output, Release
from backend.targets.release_names import next_release_id

COMPOSE_FILE = "docker-compose.yml"
VARIABLES_FILE = "variables"
_MANIFEST = "manifest.json"
_MIGRATIONS = "migrations"


class ImageReleases:
    """What each release consists of, kept in the environment's folder beside what Docker has.

    A tag can be moved by anybody; the ids written down here cannot.
    """

    def __init__(self, folder: EnvironmentFolder, engine: DockerEngine) -> None:
        self._folder = folder
        self._engine = engine

    def next_id(self, today: datetime | None = None) -> str:
        """`YYYY.MM.DD-N` with the first N that is free."""
        return next_release_id(self._folder.releases, today)

    def get(self, release_id: str) -> Release | None:
        """A release that was completed; None for any other name."""
        manifest = self._folder.releases / release_id / _MANIFEST
        if not release_id or not manifest.is_file():
            return None
        content = json.loads(manifest.read_text(encoding="utf-8"))
        return Release(
            id=release_id,
            digest=content["digest"],
            size_bytes=max(content["sizes"].values(), default=0),
            created_at=datetime.fromisoformat(content["created_at"]),
            commit=content["commit"],
            sizes=content["sizes"],
        )

    def keep(
        self, release_id: str, images: Mapping[str, Image], commit: str, files: Sequence[Path]
    ) -> Release:
        """Write down a release; with one rename, so that it is there whole or not at all.

        `files` are copied into it: docker-compose.yml and the variables it is started with, and the folder
        of migrations.
        """
        making = make_private_folder(self._folder.releases) / f".making-{release_id}"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        for source in files:
            _copy(source, making)
        content = {
            "images": {service: image.id for service, image in images.items()},
            "sizes": {service: image.size_bytes for service, image in images.items()},
            "digest": _digest(images),
            "created_at": datetime.now(UTC).isoformat(),
            "commit": commit,
        }
        (making / _MANIFEST).write_text(json.dumps(content, indent=2), encoding="utf-8")
        making.rename(self._folder.releases / release_id)
        kept = self.get(release_id)
        if kept is None:
            raise OperatorError(f"The release {release_id} disappeared while it was made.", "Deploy again.")
        return kept

    def migrations(self, release_id: str) -> Path | None:
        """The sets of migrations that a release came with."""
        return self._file(release_id, _MIGRATIONS)

    def compose_file(self, release_id: str) -> Path | None:
        """The docker-compose.yml that a release was made with."""
        return self._file(release_id, COMPOSE_FILE)

    def own_variables(self, release_id: str) -> Mapping[str, str]:
        """What stood in `.env` when the release was made."""
        file = self._file(release_id, VARIABLES_FILE)
        return read_variables(file) if file is not None else {}

    def image_of(self, service: str, release_id: str) -> str | None:
        """Id of the image that the release was made with; None when that is not known here."""
        return self._images(release_id).get(service) if self.get(release_id) is not None else None

    def ensure_tag(self, service: str, release_id: str, output: Output) -> None:
        """Make the tag name the image that the release was made with.

        Raises OperatorError when that image is gone.
        """
        wanted = self._images(release_id).get(service)
        if wanted is None:
            return
        reference = f"{repository(service)}:{release_id}"
        present = self._engine.image(reference)
        if present is not None and present.id == wanted:
            return
        if self._engine.image(wanted) is None:
            raise OperatorError(
                f"The image of {service} in release {release_id} was removed from Docker ({wanted[:19]}).",
                "Deploy again: that builds a new one. What runs was not touched.",
            )
        self._engine.tag(wanted, repository(service), release_id)
        output("docker", f"{reference} names the image of that release again")

    def _images(self, release_id: str) -> Mapping[str, str]:
        manifest = self._file(release_id, _MANIFEST)
        if manifest is None:
            raise OperatorError(
                f"The release {release_id} does not exist.",
                "Deploy again; a deployment builds the release first.",
                exit_code=ExitCode.REFUSED,
            )
        images: Mapping[str, str] = json.loads(manifest.read_text(encoding="utf-8"))["images"]
        return images

    def _file(self, release_id: str, name: str) -> Path | None:
        path = self._folder.releases / release_id / name
        return path if release_id and path.exists() else None


def _copy(source: Path, folder: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, folder / source.name)
    elif source.is_file():
        shutil.copyfile(source, folder / (VARIABLES_FILE if source.name == ".env" else source.name))


def _digest(images: Mapping[str, Image]) -> str:
    text = "\n".join(f"{service} {image.id}" for service, image in sorted(images.items()))
    return hashlib.sha256(text.encode()).hexdigest()
