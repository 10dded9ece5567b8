"""The gateway's providers on a test bench."""

from backend.services.api_gateway.provider import Provider
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.records import BreakerEventRecord, ResponseRecord


class Bench:
    """The providers, assembled as in the service, and what they would have written."""

    def __init__(self, providers: dict[str, Provider], recorder: Recorder) -> None:
        self.providers = providers
        self.recorder = recorder

    def __getitem__(self, name: str) -> Provider:
        return self.providers[name]

    def responses(self) -> list[ResponseRecord]:
        """Provider answers recorded so far, oldest first."""
        return [record for record in self.recorder.queued() if isinstance(record, ResponseRecord)]

    def breaker_events(self) -> list[BreakerEventRecord]:
        """Changes of state recorded so far, oldest first."""
        return [record for record in self.recorder.queued() if isinstance(record, BreakerEventRecord)]
