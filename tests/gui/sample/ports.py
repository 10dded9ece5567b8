"""All sample ports together."""

from controllers.access_port import AccessPort
from controllers.clock import Clock
from controllers.dead_letters_port import DeadLettersPort
from controllers.ports import (
    Ports,
    ProvidersPort,
    RunsPort,
    SettingsPort,
    StackPort,
    TracksPort,
    WaterfallPort,
)
from controllers.profiles_port import ProfilesPort
from tests.gui.sample.access import SampleAccess
from tests.gui.sample.dead_letters import SampleDeadLetters
from tests.gui.sample.profiles import SampleProfiles
from tests.gui.sample.providers import SampleProviders
from tests.gui.sample.runs import SampleRuns
from tests.gui.sample.settings import SampleSettings
from tests.gui.sample.stack import SampleStack
from tests.gui.sample.tracks import SampleTracks
from tests.gui.sample.waterfall import SampleWaterfall


def sample_ports(
    clock: Clock,
    *,
    stack: StackPort | None = None,
    runs: RunsPort | None = None,
    providers: ProvidersPort | None = None,
    waterfall: WaterfallPort | None = None,
    tracks: TracksPort | None = None,
    dead_letters: DeadLettersPort | None = None,
    settings: SettingsPort | None = None,
    access: AccessPort | None = None,
    profiles: ProfilesPort | None = None,
) -> Ports:
    """Sample ports where none is given."""
    return Ports(
        stack=stack or SampleStack(clock),
        runs=runs or SampleRuns(clock),
        providers=providers or SampleProviders(clock),
        waterfall=waterfall or SampleWaterfall(clock),
        tracks=tracks or SampleTracks(clock),
        dead_letters=dead_letters or SampleDeadLetters(clock),
        settings=settings or SampleSettings(),
        access=access or SampleAccess(clock),
        profiles=profiles or SampleProfiles(),
    )
