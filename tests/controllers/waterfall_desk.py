"""The waterfall controller over sample ports, without a window."""

from controllers.breakers import BreakersController
from controllers.waterfall import WaterfallController
from controllers.waterfall_edits import Draft
from tests.gui.sample.background import ImmediateBackground
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.providers import SampleProviders
from tests.gui.sample.stack import SANDBOX
from tests.gui.sample.waterfall import SampleWaterfall


class Desk:
    """An operator's desk; another one over the same `waterfall` is another operator's."""

    def __init__(self, waterfall: SampleWaterfall, clock: StoppedClock) -> None:
        self.waterfall, self.clock = waterfall, clock
        self.providers = SampleProviders(clock)
        background = ImmediateBackground()
        self.breakers = BreakersController(self.providers, background, clock)
        self.controller = WaterfallController(waterfall, self.breakers, background, clock)
        self.told: list[str] = []
        self.controller.told.connect(self.told.append)
        self.breakers.set_environment(SANDBOX)
        self.controller.set_environment(SANDBOX)
        self.breakers.feed.set_visible(True)
        self.controller.set_shown(True)
        self.controller.editor.select("label")

    @property
    def draft(self) -> Draft:
        """The draft as it is now."""
        draft = self.controller.editor.draft
        assert draft is not None
        return draft

    def order(self, field: str = "label") -> list[str]:
        """Names of a field's sources in the draft."""
        found = self.draft.field(field)
        assert found is not None
        return [step.provider for step in found.sources]

    def close(self) -> None:
        """Close the console."""
        self.controller.stop()
        self.breakers.stop()
