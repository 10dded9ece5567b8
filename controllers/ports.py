"""What the controllers ask of the rest of the program. `app` provides it; tests may bring their own.

Every method blocks (files, database, network) and therefore runs on the background thread, never in
the Qt thread. All of them raise `backend.contracts.errors.OperatorError` with a text for the operator.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from backend.contracts.control import ControlAudit, ControlRequest, ControlResult
from backend.contracts.enrichment import EndToEndResult, EnrichRequest
from backend.contracts.environment import Environment, ProviderMode
from backend.contracts.imports import ImportReport
from backend.contracts.inspection import InspectRequest, StoredTrack, TrackInspection
from backend.contracts.live import BreakerTransition, LiveProviders, ProviderHistory, ProviderImpact
from backend.contracts.providers import Capability
from backend.contracts.replay import PreviewRequest, ReplayComparison, ReplayRun, ReplayRunRequest
from backend.contracts.runs import (
    Backup,
    Control,
    DeployOptions,
    Finding,
    OutputLine,
    Plan,
    Recovery,
    RollbackChoice,
    RollbackOptions,
    Run,
)
from backend.contracts.stack import StackStatus
from backend.contracts.waterfall import (
    FieldCoverage,
    VersionSummary,
    WaterfallChange,
    WaterfallConfiguration,
    WaterfallDraft,
)
from controllers.access_port import AccessPort
from controllers.dead_letters_port import DeadLettersPort
from controllers.profiles_port import ProfilesPort


class StackPort(Protocol):
    """Looks at stacks and starts or stops them."""

    def environments(self) -> Sequence[Environment]:
        """All profiles, `sandbox` first."""

    def status(self, environment: str) -> StackStatus:
        """Measure what runs in `environment` now."""

    def health(self, environment: str) -> Sequence[Finding]:
        """Run the comprehensive health check once."""

    def up(self, environment: str) -> None:
        """Start the stack on the release deployed last."""

    def down(self, environment: str) -> None:
        """Stop the stack; its data stays."""

    def end_to_end(self, environment: str, request: EnrichRequest) -> EndToEndResult:
        """Run the playbook's manual end-to-end test and read the three layers back."""


class RunsPort(Protocol):
    """Plans, starts and follows deployments and rollbacks."""

    def plan_deploy(self, environment: str, options: DeployOptions) -> Plan:
        """Work out what a deployment would do. Changes nothing."""

    def plan_rollback(self, environment: str, options: RollbackOptions) -> Plan:
        """Work out what a rollback would do. Changes nothing."""

    def rollback_choices(self, environment: str) -> Sequence[RollbackChoice]:
        """The ways to roll back from the present state, each with its consequences."""

    def backups(self, environment: str) -> Sequence[Backup]:
        """Backups of the environment's database, newest first."""

    def start_deploy(self, environment: str, options: DeployOptions) -> str:
        """Start a runner process; its run's id."""

    def start_rollback(self, environment: str, options: RollbackOptions) -> str:
        """Start a runner process; its run's id."""

    def resume(self, run_id: str) -> None:
        """Go on with an interrupted run in a new runner process."""

    def roll_back_interrupted(self, run_id: str) -> str:
        """Take an interrupted run back; the id of the rollback."""

    def runs(self, environment: str, limit: int) -> Sequence[Run]:
        """Runs of the environment, newest first."""

    def run(self, run_id: str) -> Run:
        """One run as the journal has it now."""

    def active_run(self, environment: str) -> Run | None:
        """The run that is at work, or was interrupted, in the environment."""

    def recovery(self, run_id: str) -> Recovery:
        """Probe what an interrupted run left behind."""

    def output(self, run_id: str, after: int, limit: int) -> Sequence[OutputLine]:
        """Output lines with a sequence number above `after`, oldest first."""

    def control(self, run_id: str, control: Control) -> None:
        """Ask the runner to pause, go on, stop, or stop and roll back."""


class ProvidersPort(Protocol):
    """Looks at the gateway's providers and controls their circuit breakers."""

    def live(self, environment: str) -> LiveProviders:
        """All providers as they are now."""

    def events(self, environment: str) -> Iterator[LiveProviders | BreakerTransition]:
        """The gateway's live stream: at least one item a second.

        Blocks between items; OperatorError when the stream cannot be opened, breaks, or is silent for 3 s.
        """

    def histories(self, environment: str, minutes: int) -> Mapping[str, ProviderHistory]:
        """Calls and failures of the last `minutes`, for every provider."""

    def history(self, environment: str, provider: str, minutes: int) -> ProviderHistory:
        """Calls, failures, and the times in which a breaker was open, of the last `minutes`."""

    def impact(self, environment: str, provider: str) -> ProviderImpact:
        """What the provider means to enrichment, and what covers for it while it is open."""

    def control(self, environment: str, provider: str, request: ControlRequest) -> ControlResult:
        """Force a breaker into a state, close it or probe now; ControlConflictError: somebody was first."""

    def audit(self, environment: str, provider: str) -> Sequence[ControlAudit]:
        """What operators did to the provider's breakers, newest first."""

    def operator(self) -> str:
        """Who is at the console, as `user@host`; the author of control requests."""


class WaterfallPort(Protocol):
    """The waterfall configuration: versions, a draft, and what the draft would change."""

    def configuration(self, environment: str) -> WaterfallConfiguration:
        """The version in force."""

    def versions(self, environment: str, before: int | None, limit: int) -> Sequence[VersionSummary]:
        """The history, newest first; `before` gives the ones below that version."""

    def version(self, environment: str, version: int) -> WaterfallConfiguration:
        """One version."""

    def coverage(self, environment: str) -> Sequence[FieldCoverage]:
        """How each field stands in Gold."""

    def capabilities(self, environment: str) -> Sequence[Capability]:
        """Which provider gives which field, and since when no more."""

    def preview(self, environment: str, request: PreviewRequest) -> ReplayComparison:
        """What a draft would change, by stored answers alone; nothing is called."""

    def apply(self, environment: str, change: WaterfallChange) -> WaterfallConfiguration:
        """Put the next version in force; WaterfallConflictError: another one came first, nothing changed."""

    def draft(self, environment: str) -> WaterfallDraft | None:
        """The draft that was kept, if there is one."""

    def keep_draft(self, environment: str, draft: WaterfallDraft) -> None:
        """Keep the draft until it is dropped, also over a restart of the console."""

    def drop_draft(self, environment: str) -> None:
        """Forget the draft."""

    def operator(self) -> str:
        """Who is at the console, as `user@host`; the author of versions."""


class TracksPort(Protocol):
    """Stored tracks: find, inspect, import, resolve again."""

    def tracks(self, environment: str, text: str, limit: int) -> Sequence[StoredTrack]:
        """Tracks whose artist, title or id contains every word of `text`, newest first."""

    def inspection(self, environment: str, track_id: str) -> TrackInspection:
        """A stored track with everything behind it."""

    def inspect(self, environment: str, request: InspectRequest) -> TrackInspection:
        """Ask the providers now and show everything; writes nothing to Gold."""

    def check_import(self, path: str) -> ImportReport:
        """Read a CSV or JSON Lines file and say what would be queued. Queues nothing."""

    def import_file(self, environment: str, path: str) -> ImportReport:
        """Queue the good rows of a file; the bad ones are reported."""

    def start_replay(self, environment: str, request: ReplayRunRequest) -> ReplayRun:
        """Queue a replay run."""

    def replay_runs(self, environment: str, limit: int) -> Sequence[ReplayRun]:
        """Replay runs, newest first."""

    def cancel_replay(self, environment: str, run_id: str) -> ReplayRun:
        """Stop a replay run; what it has promoted stays."""

    def operator(self) -> str:
        """Who is at the console, as `user@host`."""


class SettingsPort(Protocol):
    """Keeps what the operator chose, and the provider credentials."""

    def theme(self) -> str:
        """`dark`, `light` or `system`."""

    def set_theme(self, theme: str) -> None:
        """Keep the theme."""

    def set_provider_mode(self, environment: str, provider: str, mode: ProviderMode) -> None:
        """Send a provider's calls to the simulator or to the real service, from the next deployment on."""

    def provider_credentials(self, environment: str) -> Sequence[tuple[str, str, bool]]:
        """(provider, credential name, whether one is kept) for every credential a provider can use."""

    def set_credential(self, environment: str, name: str, value: str) -> None:
        """Keep a credential in the safest store there is."""

    def forget_credential(self, environment: str, name: str) -> None:
        """Remove a credential."""

    def secret_store(self) -> str:
        """Where secrets are kept, in words: the operating system's keyring, or a private file."""

    def home(self) -> str:
        """The folder that keeps everything."""


@dataclass(frozen=True)
class Ports:
    """Everything that the controllers ask of the rest of the program."""

    stack: StackPort
    runs: RunsPort
    providers: ProvidersPort
    waterfall: WaterfallPort
    tracks: TracksPort
    dead_letters: DeadLettersPort
    settings: SettingsPort
    access: AccessPort
    profiles: ProfilesPort
