"""The deployment wizard's map: which page comes after which. Knows no Qt and does no work."""

from dataclasses import dataclass, field
from enum import StrEnum

from backend.contracts.environment import Tier
from backend.contracts.runs import Run, RunState


class Page(StrEnum):
    """Pages of the wizard."""

    OPTIONS = "options"
    PLAN = "plan"
    CONFIRM = "confirm"
    RUN = "run"
    RESULT = "result"
    RECOVERY = "recovery"


TITLES = {
    Page.OPTIONS: "Options",
    Page.PLAN: "Plan",
    Page.CONFIRM: "Confirm",
    Page.RUN: "Run",
    Page.RESULT: "Result",
}

_PREPARING = (Page.OPTIONS, Page.PLAN, Page.CONFIRM)


@dataclass
class DeployWizard:
    """Where the operator stands, and the ways from there."""

    tier: Tier = Tier.DEV
    page: Page = Page.OPTIONS
    _trail: list[Page] = field(default_factory=list)

    @property
    def route(self) -> tuple[Page, ...]:
        """The pages of this wizard in order. Only staging and production ask for a confirmation."""
        confirm = () if self.tier is Tier.DEV else (Page.CONFIRM,)
        return (Page.OPTIONS, Page.PLAN, *confirm, Page.RUN, Page.RESULT)

    @property
    def must_type_name(self) -> bool:
        """Whether the confirmation wants the environment's name typed."""
        return self.tier is Tier.PRODUCTION

    @property
    def can_go_back(self) -> bool:
        """Whether there is a page to go back to: only before the run has started."""
        return bool(self._trail) and self.page in _PREPARING

    @property
    def is_preparing(self) -> bool:
        """Whether nothing has been started yet."""
        return self.page in _PREPARING

    @property
    def starts_next(self) -> bool:
        """Whether the step forward from here starts the deployment."""
        return self.is_preparing and self._after(self.page) is Page.RUN

    def forward(self) -> Page:
        """Go on to the next page; the start of the run itself is `attach`."""
        following = self._after(self.page)
        if following is Page.RUN:
            raise ValueError("the run page is reached by starting a run")
        self._trail.append(self.page)
        self.page = following
        return following

    def back(self) -> Page:
        """Return to the page before."""
        if self.can_go_back:
            self.page = self._trail.pop()
        return self.page

    def attach(self, run: Run) -> Page:
        """Go to the page that shows `run` as it stands now."""
        self._trail.clear()
        self.page = page_for(run.state)
        return self.page

    def show_steps(self) -> Page:
        """From the result back to the steps and their output."""
        self.page = Page.RUN
        return self.page

    def restart(self, tier: Tier) -> Page:
        """Begin anew."""
        self.tier = tier
        self._trail.clear()
        self.page = Page.OPTIONS
        return self.page

    def _after(self, page: Page) -> Page:
        return self.route[self.route.index(page) + 1]


def page_for(state: RunState) -> Page:
    """The page that shows a run in `state`."""
    if state is RunState.INTERRUPTED:
        return Page.RECOVERY
    return Page.RESULT if state.is_finished else Page.RUN
