"""The one stylesheet, generated from the tokens.

Selectors use dynamic properties (`tone`, `kind`, `role`) instead of per-widget style sheets, so that a
theme switch is one call.
"""

from string import Template

from views.theme.icons import icon_path
from views.theme.tokens import Tokens

TONES = ("ok", "warn", "bad", "info", "accent", "muted")

_BASE = Template("""
* { font-family: "Inter"; font-size: 13px; }
QMainWindow, QWidget[kind="page"] { background: $background; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px 8px; }
QLabel { background: transparent; color: $text; }
QLabel[role="title"] { font-size: 19px; font-weight: 600; }
QLabel[role="figure"] { font-size: 25px; font-weight: 600; }
QLabel[role="heading"] { font-size: 15px; font-weight: 600; }
QLabel[role="caption"] { font-size: 12px; font-weight: 600; color: $muted; }
QLabel[role="group"] { font-size: 11px; font-weight: 600; color: $faint; padding: 0px 10px 4px 10px; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="key"] { font-size: 11px; color: $muted; border: 1px solid $border; border-radius: 4px;
  padding: 1px 5px; background: $surface; }
QLabel[role="faint"] { font-size: 12px; color: $faint; }
QLabel[role="mono"], QLabel[role="mono-muted"] { font-family: "JetBrains Mono"; font-size: 12px; }
QLabel[role="mono-muted"] { color: $muted; }
QFrame[kind="card"] { background: $surface; border: 1px solid $border; border-radius: 10px; }
QFrame[kind="inset"] { background: $surface_2; border: 1px solid $border; border-radius: 8px; }
QFrame[kind="code"] { background: $code; border: 1px solid $border; border-radius: 7px; }
QFrame[kind="line"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
QScrollArea, QScrollArea > QWidget > QWidget[kind="plain"] { background: transparent; border: none; }
""")

_SHELL = Template("""
QWidget[kind="header"] { background: $surface; border-bottom: 1px solid $border; }
QWidget[kind="navigation"] { background: $surface; border-right: 1px solid $border; }
QWidget[kind="statusbar"] { background: $surface; border-top: 1px solid $border; }
QWidget[kind="statusbar"] QLabel { font-size: 12px; color: $muted; }
QFrame[kind="band"][tier="dev"] { background: $info; }
QFrame[kind="band"][tier="staging"] { background: $warn; }
QFrame[kind="band"][tier="production"] { background: $bad; }
QToolButton[kind="nav"] { border: 1px solid transparent; border-radius: 7px; padding: 7px 10px;
  text-align: left; background: transparent; color: $muted; }
QToolButton[kind="nav"]:hover { background: $raised; color: $text; }
QToolButton[kind="nav"]:checked { background: $accent_tint; color: $text; font-weight: 500; }
QToolButton[kind="nav"]:focus { border-color: $accent; }
QPushButton[kind="search"] { text-align: left; color: $faint; background: $surface_2;
  border: 1px solid $border; border-radius: 7px; padding: 6px 12px; }
QPushButton[kind="search"]:hover { border-color: $border_strong; }
QPushButton[kind="search"]:focus { border-color: $accent; }
QToolButton[kind="environment"] { background: $surface_2; border: 1px solid $border; border-radius: 7px;
  padding: 5px 12px; font-weight: 600; color: $text; }
QToolButton[kind="environment"]:hover { border-color: $border_strong; }
QToolButton[kind="environment"]:focus { border-color: $accent; }
QToolButton[kind="environment"]::menu-indicator { image: none; }
QMenu { background: $surface; border: 1px solid $border; padding: 4px; color: $text; }
QMenu::item { padding: 6px 18px 6px 12px; border-radius: 5px; }
QMenu::item:selected { background: $accent_tint; color: $text; }
""")

_CONTROLS = Template("""
QPushButton { background: $surface_2; color: $text; border: 1px solid $border; border-radius: 7px;
  padding: 7px 13px; font-weight: 500; }
QPushButton:hover { background: $raised; border-color: $border_strong; }
QPushButton:pressed { background: $border; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $faint; background: $surface; border-color: $border; }
QPushButton[kind="primary"] { background: $accent_fill; color: $on_accent; border-color: $accent_fill; }
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:focus { border-color: $text; }
QPushButton[kind="primary"]:disabled { background: $raised; color: $faint; border-color: $border; }
QPushButton[kind="danger"] { background: transparent; color: $bad; border-color: $bad; }
QPushButton[kind="danger"]:hover { background: $bad_tint; }
QPushButton[kind="danger"]:focus { background: $bad_tint; border-color: $text; }
QPushButton[kind="danger"]:disabled { color: $faint; border-color: $border; background: transparent; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; color: $muted;
  padding: 3px 7px; }
QPushButton[kind="link"]:hover { color: $text; background: $raised; }
QPushButton[kind="link"]:focus { border-color: $accent; }
QPushButton[kind="link"]:disabled { color: $border_strong; background: transparent;
  border-color: transparent; }
QPushButton[kind="chip"] { background: $raised; color: $muted; border: 1px solid transparent;
  border-radius: 10px; padding: 2px 9px; font-size: 12px; font-weight: 600; }
QPushButton[kind="chip"]:checked { background: $accent_tint; color: $accent; }
QPushButton[kind="chip"]:focus { border-color: $accent; }
QPushButton[kind="access"] { background: transparent; color: $muted; border: 1px solid $border_strong;
  border-radius: 10px; padding: 2px 9px; font-size: 12px; font-weight: 600; }
QPushButton[kind="access"]:hover { background: $raised; color: $text; }
QPushButton[kind="access"]:focus { border-color: $accent; }
QPushButton[kind="access"][tone="warn"] { background: $warn_tint; color: $warn; border-color: transparent; }
QPushButton[kind="access"][tone="warn"]:focus { border-color: $accent; }
QLineEdit, QAbstractSpinBox, QComboBox { background: $surface_2; color: $text;
  border: 1px solid $border_strong; border-radius: 7px; padding: 6px 10px;
  selection-background-color: $accent_fill; selection-color: $on_accent; }
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus { border-color: $accent; }
QLineEdit[wrong="true"], QComboBox[wrong="true"] { border-color: $bad; }
QLineEdit:read-only { background: transparent; border-color: transparent; color: $text; }
QLineEdit:disabled, QAbstractSpinBox:disabled { color: $faint; border-color: $border; }
QLineEdit[kind="palette"] { border: none; font-size: 15px; padding: 10px 12px; background: transparent; }
QAbstractSpinBox QLineEdit { border: none; background: transparent; padding: 0; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 18px; border: none;
  background: transparent; }
QAbstractSpinBox::up-arrow { image: url($up); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow, QComboBox::down-arrow { image: url($down); width: 10px; height: 10px; }
QComboBox::drop-down { border: none; width: 26px; }
QComboBox QAbstractItemView { background: $surface; color: $text; border: 1px solid $border;
  selection-background-color: $accent_tint; selection-color: $text; outline: none; }
QCheckBox, QRadioButton { color: $text; spacing: 9px; background: transparent; font-weight: 500; }
QCheckBox::indicator { width: 15px; height: 15px; border: 1px solid $border_strong; border-radius: 4px;
  background: $surface_2; }
QRadioButton::indicator { width: 13px; height: 13px; border: 1px solid $border_strong; border-radius: 7px;
  background: $surface_2; }
QCheckBox::indicator:checked { background: $accent_fill; border-color: $accent_fill; image: url($tick); }
QRadioButton::indicator:checked { border: 4px solid $accent_fill; width: 7px; height: 7px;
  background: $on_accent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: $accent; }
QCheckBox:focus, QRadioButton:focus { color: $accent; }
QCheckBox:disabled, QRadioButton:disabled { color: $faint; }
""")

_VIEWS = Template("""
QTableView, QListView, QPlainTextEdit { background: transparent; border: none; outline: none; color: $text;
  selection-background-color: $accent_tint; selection-color: $text; gridline-color: $border; }
QTableView:focus, QPlainTextEdit:focus { border: 1px solid $accent; border-radius: 6px; }
QTableView[kind="log"], QPlainTextEdit[kind="code"] { font-family: "JetBrains Mono"; font-size: 12px;
  background: $code; border: 1px solid $border; border-radius: 7px; padding: 4px; color: $text; }
QTableView[kind="log"]:focus, QPlainTextEdit[kind="code"]:focus { border-color: $accent; }
QTableView[kind="log"]::item { padding: 0px 4px; border: none; }
QTableView[kind="rows"] { font-family: "JetBrains Mono"; font-size: 12px; }
QTableView[kind="rows"]::item { padding: 0px 8px; border-bottom: 1px solid $border; }
QTabWidget::pane { border: none; border-top: 1px solid $border; top: -1px; padding-top: 6px; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $muted; padding: 5px 10px; border: none;
  border-bottom: 2px solid transparent; font-weight: 500; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { color: $accent; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; color: $muted; border: none;
  border-bottom: 1px solid $border; padding: 4px 8px; font-size: 12px; font-weight: 600; }
QTableView[kind="providers"] QHeaderView::section { padding: 4px 10px; }
QTableCornerButton::section { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $border; border-radius: 4px; min-height: 28px; min-width: 28px;
  margin: 1px; }
QScrollBar::handle:hover { background: $border_strong; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QFrame[kind="overlay-card"] { background: $surface; border: 1px solid $border_strong; border-radius: 10px; }
QFrame[kind="toast"] { background: $raised; border: 1px solid $border_strong; border-radius: 8px; }
QFrame[kind="choice"] { background: $surface_2; border: 1px solid $border; border-radius: 8px; }
QFrame[kind="choice"]:hover { border-color: $border_strong; }
QFrame[kind="choice"][chosen="true"] { border: 1px solid $accent; background: $accent_tint; }
QLabel[step="done"] { color: $ok; font-weight: 600; }
QLabel[step="current"] { color: $accent; font-weight: 600; }
QLabel[step="ahead"] { color: $faint; }
""")

_TONE = Template("""
QLabel[tone="$tone"] { color: $colour; }
QLabel[kind="pill"][tone="$tone"] { background: $tint; color: $colour; border-radius: 9px;
  padding: 2px 9px; font-size: 12px; font-weight: 600; }
QFrame[kind="banner"][tone="$tone"] { background: $tint; border: 1px solid $colour; border-radius: 8px; }
""")


def stylesheet(tokens: Tokens) -> str:
    """The application's stylesheet in `tokens`."""
    values = tokens.as_dict() | _derived(tokens)
    parts = [part.substitute(values) for part in (_BASE, _SHELL, _CONTROLS, _VIEWS)]
    parts += [_tone(tokens, tone) for tone in (*TONES, "bronze", "silver", "gold")]
    return "".join(parts)


def _derived(tokens: Tokens) -> dict[str, str]:
    return {
        "accent_tint": tokens.tint("accent"),
        "bad_tint": tokens.tint("bad"),
        "warn_tint": tokens.tint("warn"),
        "accent_hover": tokens.accent_fill if tokens.name == "dark" else tokens.accent,
        "tick": icon_path("tick-on-accent"),
        "up": icon_path("spin-up"),
        "down": icon_path("spin-down"),
    }


def _tone(tokens: Tokens, tone: str) -> str:
    return _TONE.substitute(tone=tone, colour=tokens.colour(tone), tint=tokens.tint(tone))
