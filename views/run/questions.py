"""The questions asked before a run is stopped or taken back."""

from PySide6.QtWidgets import QWidget

from backend.contracts.environment import Environment
from backend.contracts.runs import Control, Run
from controllers.rollback import must_type_name
from controllers.run_rows import title
from views.widgets.confirm import ConfirmOverlay


def ask_stop(window: QWidget, control: Control, run: Run, environment: Environment | None) -> ConfirmOverlay:
    """Ask before stopping; staging and production want the name typed when it also rolls back."""
    if control is Control.STOP:
        overlay = ConfirmOverlay(
            window,
            f"Stop {title(run)}?",
            f"{_current(run)} is carried through, then the run ends. What is done until then stays; nothing "
            "is rolled back. You can roll back afterwards.",
            "Stop after this step",
        )
    else:
        overlay = ConfirmOverlay(
            window,
            f"Stop {title(run)} and roll back?",
            f"The run ends at the next safe point and takes back what it did: services go back to "
            f"{run.release_before or 'the state before'}, and migrations of this run are reverted. "
            "Dead letters are kept.",
            "Stop and roll back",
            _name_to_type(environment),
        )
    overlay.ask()
    return overlay


def ask_interrupted_rollback(window: QWidget, run: Run, environment: Environment | None) -> ConfirmOverlay:
    """Ask before an interrupted run is taken back."""
    overlay = ConfirmOverlay(
        window,
        f"Take {title(run)} back?",
        "Everything this run did is taken back: services return to "
        f"{run.release_before or 'the state before'}, and its migrations are reverted. "
        "Dead letters are kept.",
        "Roll back",
        _name_to_type(environment),
    )
    overlay.ask()
    return overlay


def _name_to_type(environment: Environment | None) -> str:
    return environment.name if environment is not None and must_type_name(environment.tier) else ""


def _current(run: Run) -> str:
    step = run.current_step
    return f"Step {step.plan.number}, {step.plan.title}," if step is not None else "The current step"
