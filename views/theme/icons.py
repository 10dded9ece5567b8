"""Lucide icons, recoloured by token and drawn at the screen's resolution."""

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_ICONS = Path(__file__).parents[2] / "resources" / "icons"
_SCALE = 2.0


def icon_path(name: str) -> str:
    """Where an icon's file is, with forward slashes as style sheets want them."""
    return (_ICONS / f"{name}.svg").as_posix()


@lru_cache(maxsize=256)
def renderer(name: str, colour: str, stroke: float = 2.0) -> QSvgRenderer:
    """The icon called `name` in `colour`, ready to be drawn at any size. `stroke` is in 24ths of the size."""
    svg = (_ICONS / f"{name}.svg").read_text("utf-8").replace("currentColor", colour)
    svg = svg.replace('stroke-width="2"', f'stroke-width="{stroke}"')
    return QSvgRenderer(QByteArray(svg.encode("utf-8")))


def draw_icon(painter: QPainter, name: str, colour: str, area: QRectF) -> None:
    """Draw an icon into `area`, with heavier strokes where it is small."""
    renderer(name, colour, 3.0 if area.width() < 16 else 2.0).render(painter, area)


def icon_pixmap(name: str, colour: str, size: int) -> QPixmap:
    """An icon as a pixmap of `size` device-independent pixels."""
    pixmap = QPixmap(QSize(size, size) * _SCALE)
    pixmap.setDevicePixelRatio(_SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_icon(painter, name, colour, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def icon(name: str, colour: str, size: int = 16) -> QIcon:
    """An icon for buttons and menus."""
    return QIcon(icon_pixmap(name, colour, size))
