import pytest

from backend.contracts.environment import Tier
from backend.contracts.runs import DeployOptions, RunState
from controllers.deploy_wizard import DeployWizard, Page, page_for
from tests.gui.sample.clock import MOMENT
from tests.gui.sample.plan import sample_plan
from tests.gui.sample.story import run_at


def test_a_practice_ground_needs_no_confirmation() -> None:
    wizard = DeployWizard(Tier.DEV)
    assert wizard.forward() is Page.PLAN
    assert wizard.starts_next
    assert Page.CONFIRM not in wizard.route


@pytest.mark.parametrize("tier", [Tier.STAGING, Tier.PRODUCTION])
def test_dear_environments_are_confirmed(tier: Tier) -> None:
    wizard = DeployWizard(tier)
    wizard.forward()
    assert not wizard.starts_next
    assert wizard.forward() is Page.CONFIRM
    assert wizard.starts_next
    assert wizard.must_type_name is (tier is Tier.PRODUCTION)


def test_back_goes_the_way_one_came_and_not_beyond_the_start() -> None:
    wizard = DeployWizard(Tier.PRODUCTION)
    wizard.forward()
    wizard.forward()
    assert wizard.back() is Page.PLAN
    assert wizard.back() is Page.OPTIONS
    assert not wizard.can_go_back
    assert wizard.back() is Page.OPTIONS


def test_the_run_page_is_not_reached_by_going_forward() -> None:
    wizard = DeployWizard(Tier.DEV)
    wizard.forward()
    with pytest.raises(ValueError, match="starting a run"):
        wizard.forward()
    assert wizard.page is Page.PLAN


def test_there_is_no_way_back_from_a_run() -> None:
    wizard = DeployWizard(Tier.DEV)
    wizard.forward()
    wizard.attach(run_at(sample_plan(DeployOptions()), DeployOptions(), 3, MOMENT))
    assert wizard.page is Page.RUN
    assert not wizard.can_go_back


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_has_its_page(state: RunState) -> None:
    page = page_for(state)
    if state is RunState.INTERRUPTED:
        assert page is Page.RECOVERY
    else:
        assert page is (Page.RESULT if state.is_finished else Page.RUN)
