"""Builds the images of a release, and gives the ones that run a name of their own before."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from backend.contracts.environment import (
    DLQ_MANAGER,
    ENRICHMENT,
    GATEWAY,
    PROVIDER_SIMULATOR,
    ComposeSettings,
)
from backend.contracts.errors import OperatorError
from backend.contracts.stack import ServiceStatus
from backend.targets.compose.command import BUILD_SECONDS, ComposeCommand
from backend.targets.compose.engine import DockerEngine, Image
from backend.targets.compose.names import RELEASE_VARIABLES, WORKER, repository
from backend.targets.compose.releases import COMPOSE_FILE, ImageReleases
from backend.targets.port import Output, Release
from backend.targets.source_tree import commit_of

IMAGES = (GATEWAY, DLQ_MANAGER, ENRICHMENT, WORKER)
"""What a release is made of."""
_SIMULATOR_TAG = "latest"


class ImageBuilder:
    """Builds from the source tree `source`."""

    def __init__(
        self,
        source: Path,
        settings: ComposeSettings,
        engine: DockerEngine,
        command: ComposeCommand,
        releases: ImageReleases,
    ) -> None:
        self._source = source
        self._settings = settings
        self._engine = engine
        self._command = command
        self._releases = releases

    def build(self, release_id: str, running: Iterable[ServiceStatus], output: Output) -> Release:
        """Build, find the ids, write the release down. Raises OperatorError with the last of what failed."""
        commit = commit_of(self._source)
        self._protect(release_id, running, commit, output)
        started = time.monotonic()
        variables = {RELEASE_VARIABLES[service]: release_id for service in IMAGES}
        labels = {"REVISION": commit or "unknown", "CREATED": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        try:
            self._command.run(
                ["build", *IMAGES], output, variables={**variables, **labels}, seconds=BUILD_SECONDS
            )
        except OperatorError as error:
            raise OperatorError(
                error.message, "Mend the build and deploy again; nothing that runs was touched."
            ) from error
        images = {service: self._image(service, release_id) for service in IMAGES}
        for service, image in images.items():
            output(
                "build", f"{repository(service)}:{release_id} {image.id[:19]} {image.size_bytes / 1e6:.0f} MB"
            )
        output("build", f"{len(images)} images in {time.monotonic() - started:.0f} s")
        return self._releases.keep(release_id, images, commit, self._files())

    def ensure_simulator(self, output: Output) -> None:
        """Build the provider simulator's image when there is none."""
        if self._engine.image(f"{repository(PROVIDER_SIMULATOR)}:{_SIMULATOR_TAG}") is None:
            self._command.run(
                ["build", PROVIDER_SIMULATOR],
                output,
                variables={RELEASE_VARIABLES[PROVIDER_SIMULATOR]: _SIMULATOR_TAG},
                seconds=BUILD_SECONDS,
            )

    def _image(self, service: str, release_id: str) -> Image:
        found = self._engine.image(f"{repository(service)}:{release_id}")
        if found is None:
            raise OperatorError(
                f"The build ended well, but there is no image {repository(service)}:{release_id}.",
                "Look at `image:` and `build:` of the service in docker-compose.yml.",
            )
        return found

    def _protect(
        self, release_id: str, running: Iterable[ServiceStatus], commit: str, output: Output
    ) -> None:
        """Tag what runs as `rollback-<new release>`; write down a release that was started by hand."""
        by_hand: dict[str, dict[str, Image]] = {}
        for status in running:
            container = self._engine.container(status.name) if status.name in IMAGES else None
            image = self._engine.image(container["Image"]) if container is not None else None
            if image is None:
                continue
            self._engine.tag(image.id, repository(status.name), f"rollback-{release_id}")
            output(
                "docker",
                f"{status.name}: what runs is kept as {repository(status.name)}:rollback-{release_id}",
            )
            if self._releases.get(status.release) is None:
                by_hand.setdefault(status.release, {})[status.name] = image
        for release, images in by_hand.items():
            if release:
                self._releases.keep(release, images, commit, self._files())

    def _files(self) -> list[Path]:
        return [
            self._source / COMPOSE_FILE,
            self._source / ".env",
            self._source / "resources" / "migrations",
        ]
