"""The look: colours, fonts, icons and the one stylesheet, in light and dark.

Every colour in the window comes from here.

Widgets ask for roles, not for colours: `label.setProperty("role", "muted")` (also title, heading, mono, good, warning,
error), `button.setProperty("role", "primary")` (also quiet). What paints itself reads `theme()` each time it paints and
repaints on `notifier().changed`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache, lru_cache
from string import Template
from typing import Literal

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QStyle

from netbuilder.assets import resources

Choice = Literal["light", "dark", "system"]

TEXT_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one look, by what they mean."""

    name: Literal["light", "dark"]
    background: QColor
    """Canvas, and the inside of fields."""
    panel: QColor
    raised: QColor
    """Blocks, menus, buttons."""
    line: QColor
    grid: QColor
    text: QColor
    muted: QColor
    accent: QColor
    filled: QColor
    """Of the button to press and of selected text: the accent, deep enough for what is written on it."""
    on_accent: QColor
    hover: QColor
    """What the pointer is on, in lists, menus and buttons."""
    good: QColor
    warning: QColor
    error: QColor
    wire: QColor

    @property
    def is_dark(self) -> bool:
        """Whether text is light on dark."""
        return self.name == "dark"

    def category(self, name: str) -> QColor:
        """Return the colour of a block category; that of a plain block for an unknown one."""
        return _CATEGORIES.get(name, _PLAIN)


def _theme(name: Literal["light", "dark"], **tokens: str) -> Theme:
    return Theme(name, **{token: QColor(value) for token, value in tokens.items()})


DARK = _theme(
    "dark",
    background="#14161b",
    panel="#1b1e25",
    raised="#232731",
    line="#2e333f",
    grid="#232833",
    text="#e6e9ef",
    muted="#98a1b1",
    accent="#5b9dff",
    filled="#2f6fe4",
    on_accent="#ffffff",
    hover="#2a2f3a",
    good="#41c793",
    warning="#f2b84b",
    error="#ff6b6b",
    wire="#6d7890",
)

LIGHT = _theme(
    "light",
    background="#f4f5f8",
    panel="#ffffff",
    raised="#ffffff",
    line="#dfe3ea",
    grid="#dde1e9",
    text="#1b2130",
    muted="#5f6b7e",
    accent="#2f6fe4",
    filled="#2f6fe4",
    on_accent="#ffffff",
    hover="#edf0f5",
    good="#16915f",
    warning="#a86b00",
    error="#cf2f3a",
    wire="#a3adbd",
)

_PLAIN = QColor("#98a1b1")

GROUP_CATEGORY = "Groups"
"""What instances of groups are, among the categories of blocks."""

_CATEGORIES = {
    GROUP_CATEGORY: QColor("#c08cf0"),
    "Input and output": QColor("#8a94a6"),
    "Linear": QColor("#8b7cff"),
    "Embedding": QColor("#8b7cff"),
    "Convolution": QColor("#5b9dff"),
    "Normalization": QColor("#37c2c9"),
    "Activation": QColor("#f2b84b"),
    "Pooling": QColor("#4fd08c"),
    "Recurrent": QColor("#e879b9"),
    "Attention": QColor("#ff8f5b"),
    "Regularization": QColor("#b0895f"),
    "Loss": QColor("#ff6b6b"),
    "Metric": QColor("#c6d15b"),
}


class _Notifier(QObject):
    """Says that the theme is another one now."""

    changed = Signal()


_current = DARK
_choice: Choice = "system"


@cache
def notifier() -> _Notifier:
    """Return the object whose signal `changed` follows every change of theme."""
    return _Notifier()


def theme() -> Theme:
    """Return the colours in use."""
    return _current


def choice() -> Choice:
    """Return what was asked for: a look, or the system's."""
    return _choice


def set_theme(wanted: Choice) -> None:
    """Dress the application in this look; `system` follows the desktop, and is dark where there is none to follow."""
    global _choice, _current
    _choice = wanted
    _follow_system()
    schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark, "system": Qt.ColorScheme.Unknown}
    QGuiApplication.styleHints().setColorScheme(schemes[wanted])
    system_is_light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
    _current = LIGHT if wanted == "light" or (wanted == "system" and system_is_light) else DARK
    app = QApplication.instance()
    assert isinstance(app, QApplication), "a theme needs an application"
    app.setStyle("Fusion")
    app.setPalette(_palette(_current))
    app.setFont(text_font())
    app.setStyleSheet(stylesheet(_current))
    notifier().changed.emit()


@cache
def _follow_system() -> None:
    def on_system_scheme_changed() -> None:
        if _choice == "system":
            set_theme("system")

    QGuiApplication.styleHints().colorSchemeChanged.connect(on_system_scheme_changed)


def _palette(look: Theme) -> QPalette:
    palette = QPalette()
    faded = mix(look.muted, look.panel, 0.45)
    roles = {
        QPalette.ColorRole.Window: look.panel,
        QPalette.ColorRole.WindowText: look.text,
        QPalette.ColorRole.Base: look.background,
        QPalette.ColorRole.AlternateBase: look.panel,
        QPalette.ColorRole.Text: look.text,
        QPalette.ColorRole.Button: look.raised,
        QPalette.ColorRole.ButtonText: look.text,
        QPalette.ColorRole.BrightText: look.error,
        QPalette.ColorRole.ToolTipBase: look.raised,
        QPalette.ColorRole.ToolTipText: look.text,
        QPalette.ColorRole.PlaceholderText: look.muted,
        QPalette.ColorRole.Highlight: look.accent,
        QPalette.ColorRole.HighlightedText: look.on_accent,
        QPalette.ColorRole.Accent: look.accent,
        QPalette.ColorRole.Link: look.accent,
        QPalette.ColorRole.LinkVisited: look.accent,
        QPalette.ColorRole.Light: look.raised,
        QPalette.ColorRole.Midlight: look.raised,
        QPalette.ColorRole.Mid: look.line,
        QPalette.ColorRole.Dark: look.line,
        QPalette.ColorRole.Shadow: look.background,
    }
    for role, colour in roles.items():
        palette.setColor(role, colour)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faded)
    return palette


def mix(one: QColor, other: QColor, share: float) -> QColor:
    """Return the colour that is `share` (0 to 1) of `other` and the rest of `one`."""
    pairs = zip(one.getRgb(), other.getRgb(), strict=True)  # pyright: ignore[reportArgumentType]
    return QColor(*(round(a + (b - a) * share) for a, b in pairs))


def stylesheet(look: Theme) -> str:
    """Return the application's stylesheet: `resources/theme.qss` with the colours filled in."""
    tokens = {field.name: getattr(look, field.name) for field in fields(look) if field.name != "name"}
    derived = {
        "filled_hover": mix(look.filled, QColor("black"), 0.08),
        "filled_pressed": mix(look.filled, QColor("black"), 0.16),
        "accent_faint": mix(look.panel, look.accent, 0.18),
        "faded": mix(look.muted, look.panel, 0.45),
        "strong_line": mix(look.line, look.muted, 0.35),
    }
    colours = {name: colour.name() for name, colour in (tokens | derived).items()}
    names = {"icons": (resources() / "icons").as_posix(), "mono_family": MONO_FAMILY, "text_family": TEXT_FAMILY}
    return Template((resources() / "theme.qss").read_text(encoding="utf-8")).substitute(colours | names)


# Fonts


@cache
def _load_fonts() -> None:
    for file in sorted((resources() / "fonts").glob("*.[ot]tf")):
        if QFontDatabase.addApplicationFont(str(file)) < 0:
            raise FileNotFoundError(f"The font {file} can't be read: the installation is damaged.")


def _font(family: str, px: int, weight: QFont.Weight) -> QFont:
    _load_fonts()
    font = QFont([family, TEXT_FAMILY if family == MONO_FAMILY else MONO_FAMILY])  # each has signs that the other lacks
    font.setPixelSize(px)
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setFeature(QFont.Tag("calt"), 0)  # else conv1x1 is shown as conv1×1, which it is not called
    return font


def text_font(px: int = 13, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the font of words; 13 px for the main thing, 11 or 12 for what stands beside it."""
    return _font(TEXT_FAMILY, px, weight)


def mono_font(px: int = 12, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the font of shapes, numbers and code."""
    return _font(MONO_FAMILY, px, weight)


# Icons


class _ThemedIconEngine(QIconEngine):
    """Paints a glyph in the theme's colour of the moment, so that no icon is ever made twice.

    The icon font is loaded when the first glyph is painted: it costs 0.15 s, which the first picture of the window need
    not wait for.
    """

    def __init__(self, name: str, token: str) -> None:
        super().__init__()
        self._name = name
        self._token = token

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        _glyph(self._name, self._token, _current.name).paint(painter, rect, Qt.AlignmentFlag.AlignCenter, mode, state)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        if size.isEmpty():
            return QPixmap()  # a button that has no room for the moment
        return _picture(self._name, self._token, _current.name, size.width(), size.height(), mode)

    def clone(self) -> QIconEngine:
        return _ThemedIconEngine(self._name, self._token)


@cache
def _glyph(name: str, token: str, look: str) -> QIcon:
    import qtawesome  # takes its time

    colours = LIGHT if look == "light" else DARK
    faded = mix(colours.muted, colours.panel, 0.45)
    return qtawesome.icon(name, color=getattr(colours, token), color_disabled=faded)


@lru_cache(maxsize=512)
def _picture(name: str, token: str, look: str, width: int, height: int, mode: QIcon.Mode) -> QPixmap:
    """Return a glyph as a picture. A button asks for its own at each paint, and shaping text takes 0.2 ms."""
    pixmap = QPixmap(width, height)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    _glyph(name, token, look).paint(painter, pixmap.rect(), Qt.AlignmentFlag.AlignCenter, mode)
    painter.end()
    return pixmap


def icon(name: str, token: str = "text") -> QIcon:
    """Return an icon of the Material Design set (`mdi6.play`), in the theme's colour `token`,
    now and after a change.
    """
    return QIcon(_ThemedIconEngine(name, token))


def motion(milliseconds: int) -> int:
    """Return how long a movement may take: as asked, or 0 where the system wants none."""
    style = QApplication.style()
    return milliseconds if style.styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) else 0
