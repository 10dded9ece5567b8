"""Small makers, so that screens read as a list of what they show."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

LayoutT = TypeVar("LayoutT", bound=QBoxLayout)

Item = QWidget | QLayout | int | None
"""A widget, a layout, a gap in pixels, or None for a stretch."""

GAP_S, GAP_M, GAP_L, GAP_XL = 4, 8, 14, 22


def label(text: str = "", role: str = "", *, wrap: bool = False, tone: str = "") -> QLabel:
    """Plain text in one of the stylesheet's roles. Never rich text: texts come from outside too."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setWordWrap(wrap)
    if role:
        result.setProperty("role", role)
    if tone:
        result.setProperty("tone", tone)
    return result


def selectable(text: str = "", role: str = "mono", *, wrap: bool = True) -> QLabel:
    """Text that can be selected and copied with mouse and keyboard."""
    result = label(text, role, wrap=wrap)
    result.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return result


def button(text: str, kind: str = "", *, name: str = "", tip: str = "") -> QPushButton:
    """A push button; `kind` is `primary`, `danger`, `link`, `chip` or nothing."""
    result = QPushButton(text)
    result.setAccessibleName(text)
    # Enter must not press whatever happens to be the default: it presses what has the focus.
    result.setAutoDefault(False)
    if kind:
        result.setProperty("kind", kind)
    if name:
        result.setObjectName(name)
    if tip:
        result.setToolTip(tip)
    return result


def restyle(widget: QWidget, **properties: object) -> None:
    """Set dynamic properties and let the stylesheet look again, only when one of them changed."""
    if all(widget.property(name) == value for name, value in properties.items()):
        return
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def frame(kind: str, layout: QLayout | None = None) -> QFrame:
    """A frame styled by `kind`."""
    result = QFrame()
    result.setProperty("kind", kind)
    if layout is not None:
        result.setLayout(layout)
    return result


def line() -> QFrame:
    """A horizontal hairline."""
    return frame("line")


def column(*items: Item, gap: int = GAP_M, margin: int | tuple[int, int, int, int] = 0) -> QVBoxLayout:
    """Items below one another."""
    return _fill(QVBoxLayout(), items, gap, margin)


def row(*items: Item, gap: int = GAP_M, margin: int | tuple[int, int, int, int] = 0) -> QHBoxLayout:
    """Items beside one another."""
    return _fill(QHBoxLayout(), items, gap, margin)


def holder(layout: QLayout, kind: str = "plain") -> QWidget:
    """A widget around a layout."""
    result = QWidget()
    result.setProperty("kind", kind)
    result.setLayout(layout)
    return result


def scrolling(content: QWidget) -> QScrollArea:
    """A scroll area that grows with its content's width and takes no focus of its own."""
    content.setProperty("kind", "plain")
    result = QScrollArea()
    result.setWidgetResizable(True)
    result.setFrameShape(QFrame.Shape.NoFrame)
    result.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    result.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    result.setWidget(content)
    return result


def clear(layout: QLayout) -> None:
    """Remove and delete everything in `layout`."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)
            inner.deleteLater()


@contextmanager
def one_pass(layout: QLayout) -> Iterator[None]:
    """Make what is changed inside cost one layout pass, afterwards.

    Showing a widget lays out every visible parent of it at once, up to the window (5 ms in ours), so a row of
    new widgets costs that many passes. Show new widgets with `add_shown`: a plain `addWidget` shows them
    later, one by one.
    """
    layout.setEnabled(False)
    try:
        yield
    finally:
        layout.setEnabled(True)
        layout.invalidate()


def add_shown(layout: QBoxLayout, widget: QWidget) -> None:
    """Add `widget` and show it now, inside `one_pass`."""
    layout.addWidget(widget)
    widget.show()


def _fill(
    layout: LayoutT, items: Iterable[Item], gap: int, margin: int | tuple[int, int, int, int]
) -> LayoutT:
    layout.setSpacing(gap)
    layout.setContentsMargins(*((margin,) * 4 if isinstance(margin, int) else margin))
    for item in items:
        match item:
            case None:
                layout.addStretch(1)
            case int():
                layout.addSpacing(item)
            case QWidget():
                layout.addWidget(item)
            case _:
                layout.addLayout(item)
    return layout
