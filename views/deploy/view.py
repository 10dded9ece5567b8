"""The deployment screen: renders the wizard's map."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import Plan, Recovery, Run, RunState
from controllers import marks, run_rows
from controllers.clock import Clock
from controllers.deploy import DeployController
from controllers.deploy_wizard import TITLES, Page
from controllers.session import title_of
from views.deploy.confirm_page import ConfirmPage
from views.deploy.options_page import OptionsPage
from views.deploy.plan_page import PlanPage
from views.deploy.recovery_page import RecoveryPage
from views.deploy.result_page import ResultPage
from views.run.controls import RunControls
from views.run.questions import ask_interrupted_rollback
from views.run.run_view import RunView
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, button, column, one_pass, row, scrolling
from views.widgets.page import PageHead
from views.widgets.stepper import Stepper


class DeployView(QWidget):
    """Shows the page the controller's wizard is on.

    Signals: `end_to_end_asked` and `rollback_asked` lead to other screens; `active_asked` wants the run that
    is at work.
    """

    end_to_end_asked = Signal()
    rollback_asked = Signal()
    active_asked = Signal()

    def __init__(
        self, theme: Theme, controller: DeployController, clock: Clock, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self.head = PageHead("Deploy", "All ten steps of the playbook, each checked before the next")
        self.stepper = Stepper()
        self.banner = Banner(theme)
        self.options = OptionsPage()
        self.plan = PlanPage(theme)
        self.confirm = ConfirmPage()
        self.run = RunView(theme, controller.follower, clock)
        self.run.test_asked.connect(self.end_to_end_asked)
        RunControls(self.run, controller.follower, self._environment)
        self.result = ResultPage(theme)
        self.recovery = RecoveryPage(theme)
        self.back_button = button("Back", name="wizard-back")
        self.next_button = button("Next", "primary", name="wizard-next")
        self._pages = QStackedWidget()
        self._by_page: dict[Page, QWidget] = {
            Page.OPTIONS: scrolling(self.options),
            Page.PLAN: self.plan,
            Page.CONFIRM: self.confirm,
            Page.RUN: self.run,
            Page.RESULT: self.result,
            Page.RECOVERY: self.recovery,
        }
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        for page in self._by_page.values():
            self._pages.addWidget(page)
        self._footer = QWidget()
        self._footer.setLayout(row(None, self.back_button, self.next_button))
        self._layout = column(self.head, self.stepper, self.banner, self._pages, self._footer, gap=GAP_L)
        self._layout.setStretch(3, 1)
        self.setLayout(self._layout)

    def _wire(self) -> None:
        controller = self._controller
        controller.page_changed.connect(self.show_page)
        controller.planned.connect(self._on_planned)
        controller.recovery_found.connect(self._on_recovery)
        controller.failed.connect(self._on_failed)
        controller.busy_changed.connect(self._on_busy)
        controller.follower.changed.connect(self._on_run)
        self.back_button.clicked.connect(controller.back)
        self.next_button.clicked.connect(self._on_next)
        self.confirm.ready.connect(self._on_confirmable)
        self.run.back_asked.connect(controller.show_result)
        self.result.end_to_end_asked.connect(self.end_to_end_asked)
        self.result.rollback_asked.connect(self.rollback_asked)
        self.result.active_asked.connect(self.active_asked)
        self.result.again_asked.connect(controller.restart)
        self.result.steps_asked.connect(controller.show_steps)
        self.recovery.continue_asked.connect(controller.resume)
        self.recovery.rollback_asked.connect(self._on_take_back)

    @Slot(object)
    def show_page(self, page: Page) -> None:
        """Turn to `page` and prepare it."""
        with one_pass(self._layout):
            self.banner.hide()
            self._prepare(page)
            self._pages.setCurrentWidget(self._by_page[page])
            self._show_frame(page)
            self._label_next()

    def _show_frame(self, page: Page) -> None:
        """What stands around the page."""
        wizard = self._controller.wizard
        running = page is Page.RUN
        self.head.setVisible(not running)
        self.stepper.setVisible(page in wizard.route and not running)
        self._footer.setVisible(wizard.is_preparing)
        self.back_button.setVisible(wizard.can_go_back)
        if page in wizard.route:
            self.stepper.show_route([TITLES[each] for each in wizard.route], wizard.route.index(page))

    def _prepare(self, page: Page) -> None:
        controller = self._controller
        match page:
            case Page.OPTIONS:
                self.options.show_options(controller.options)
            case Page.PLAN if controller.plan is None:
                self.plan.show_waiting()
            case Page.CONFIRM if controller.plan is not None and controller.environment is not None:
                must_type = controller.wizard.must_type_name
                self.confirm.show_plan(controller.plan, controller.environment, must_type=must_type)
            case Page.RECOVERY if controller.recovery is None:
                self.recovery.show_waiting()
            case Page.RESULT if controller.follower.run is not None:
                self.result.show_run(controller.follower.run)

    def _label_next(self) -> None:
        controller = self._controller
        if controller.wizard.starts_next and controller.environment is not None:
            text = f"Deploy to {title_of(controller.environment)}"
        else:
            text = "Show the plan" if controller.wizard.page is Page.OPTIONS else "Next"
        self.next_button.setText(text)
        self.next_button.setAccessibleName(text)
        self._allow_next()

    def _allow_next(self) -> None:
        wizard = self._controller.wizard
        planned = self._controller.plan is not None or wizard.page is Page.OPTIONS
        typed = wizard.page is not Page.CONFIRM or self.confirm.typed.confirmed
        self.next_button.setEnabled(planned and typed)

    @Slot()
    def _on_next(self) -> None:
        if self._controller.wizard.page is Page.OPTIONS:
            self._controller.make_plan(self.options.options())
        else:
            self._controller.forward()

    @Slot(object)
    def _on_planned(self, plan: Plan) -> None:
        self.plan.show_plan(plan)
        self._allow_next()

    @Slot(object)
    def _on_recovery(self, recovery: Recovery) -> None:
        self.recovery.show_recovery(recovery)

    @Slot(object)
    def _on_run(self, run: Run) -> None:
        if run.state.is_finished:
            self.result.show_run(run)
        elif run.state is RunState.WATCHING:
            self.run.banner.show_outcome(marks.of_run(run.state), run_rows.watch_sentence(run), run)

    @Slot(bool)
    def _on_confirmable(self, _ready: bool) -> None:
        self._allow_next()

    @Slot(bool)
    def _on_busy(self, busy: bool) -> None:
        """Both directions wait while a call is under way: pressing twice must not start twice."""
        self.back_button.setEnabled(not busy or self._controller.wizard.page is Page.PLAN)
        if busy:
            self.next_button.setEnabled(False)
        else:
            self._allow_next()
        self.recovery.set_busy(busy)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        environment = self._controller.environment
        self.banner.show_error(error, environment.name if environment is not None else "")

    def _environment(self) -> Environment | None:
        return self._controller.environment

    @Slot()
    def _on_take_back(self) -> None:
        run = self._controller.follower.run
        if run is not None:
            overlay = ask_interrupted_rollback(self.window(), run, self._controller.environment)
            overlay.confirmed.connect(self._controller.roll_back_interrupted)
