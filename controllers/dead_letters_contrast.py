"""What the payloads of a cause have in common, read on demand and told in words."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from backend.contracts.dead_letter_contrast import Contrast, ContrastBasis, ContrastField, FieldState
from controllers.dead_letters_port import DeadLettersPort
from controllers.operations import Background, Operation
from controllers.wording import plural


class ContrastReader(QObject):
    """Signals: `read` with a Contrast; `failed` with an OperatorError."""

    read = Signal(object)
    failed = Signal(object)

    def __init__(self, port: DeadLettersPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._port = port
        self._reading = Operation(background, self)
        self._reading.succeeded.connect(self.read)
        self._reading.failed.connect(self.failed)

    def ask(self, environment: str, fingerprint: str) -> None:
        """Compare a cause with what did not fail so."""
        self._reading.run(partial(self._port.contrast, environment, fingerprint))

    def cancel(self) -> None:
        """Forget what was asked."""
        self._reading.cancel()


def field_words(field: ContrastField) -> str:
    """`isrc is empty`; `priority is 5`."""
    name = field.path.removeprefix("/").replace("/", ".").replace("~1", "/").replace("~0", "~")
    match field.state:
        case FieldState.MISSING:
            return f"{name} is missing"
        case FieldState.EMPTY:
            return f"{name} is empty"
        case FieldState.VALUE:
            return f"{name} is {field.value}"


def others_words(contrast: Contrast) -> str:
    """What the failing ones are compared with."""
    if contrast.basis is ContrastBasis.RESOLVED:
        return f"{plural(contrast.others, 'letter')} of the same queue that were processed in the end"
    return f"{plural(contrast.others, 'open letter')} of the same queue that failed otherwise"


def contrast_words(contrast: Contrast) -> str:
    """What was compared, and what that says."""
    if not contrast.is_enough:
        here, there = plural(contrast.failing, "payload"), plural(contrast.others, "other")
        return f"{here} of this cause and {there} can be compared: too few to say anything."
    compared = (
        f"The newest {plural(contrast.failing, 'payload')} of this cause, and {others_words(contrast)}."
    )
    if not contrast.fields:
        return f"{compared} No field differs much: the cause is not in the payloads."
    if contrast.basis is ContrastBasis.OTHER_CAUSES:
        compared = f"{compared} Too few were resolved to compare with those."
    return compared
