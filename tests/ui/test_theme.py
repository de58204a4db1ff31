from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QFontInfo, QImage, QRawFont, QTextLayout
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from netbuilder.assets import resources
from netbuilder.blocks import registry
from netbuilder.blocks.reference import page
from netbuilder.blocks.spec import Block
from netbuilder.ui import theme as looks
from netbuilder.ui.actions import ACTIONS
from netbuilder.ui.theme import DARK, LIGHT, icon, mono_font, notifier, set_theme, stylesheet, text_font, theme


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of WCAG 2."""

    def luminance(colour: QColor) -> float:
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]  # pyright: ignore[reportIndexIssue]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
@pytest.mark.parametrize(
    ("token", "least"), [("text", 4.5), ("muted", 4.5), ("error", 4.5), ("good", 3.5), ("warning", 3.5)]
)
def test_words_can_be_read_on_every_surface(look: looks.Theme, token: str, least: float) -> None:
    for surface in (look.background, look.panel, look.raised):
        assert contrast(getattr(look, token), surface) >= least


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_the_words_of_the_button_to_press_can_be_read(choice: looks.Choice, qtbot: QtBot) -> None:
    set_theme(choice)
    button = QPushButton("Train")
    button.setProperty("role", "primary")
    qtbot.addWidget(button)
    button.show()
    picture = button.grab().toImage()
    assert contrast(theme().on_accent, picture.pixelColor(picture.width() // 2, 4)) >= 4.5


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_the_stylesheet_has_all_its_colours(look: looks.Theme) -> None:
    assert "$" not in stylesheet(look)
    assert look.accent.name() in stylesheet(look)


def test_changing_the_theme_changes_what_is_painted_and_says_so(qtbot: QtBot) -> None:
    set_theme("dark")
    button = QPushButton("Train")
    qtbot.addWidget(button)
    button.show()
    dark = button.grab().toImage()
    with qtbot.waitSignal(notifier().changed):
        set_theme("light")
    assert theme() is LIGHT
    assert button.grab().toImage() != dark
    set_theme("dark")
    assert button.grab().toImage() == dark


def painted(name: str) -> QImage:
    return icon(name).pixmap(QSize(24, 24)).toImage()


def test_an_icon_follows_the_theme(qapp: QApplication) -> None:
    made = icon("mdi6.play")
    set_theme("dark")
    dark = made.pixmap(QSize(24, 24)).toImage()
    set_theme("light")
    light = made.pixmap(QSize(24, 24)).toImage()
    assert dark != light


def test_an_icon_without_room_is_nothing_and_no_complaint(qapp: QApplication, qtlog: Any) -> None:
    assert icon("mdi6.close").pixmap(QSize(14, -7)).isNull()
    assert qtlog.records == []


@pytest.mark.parametrize("name", sorted({action.icon for action in ACTIONS if action.icon}))
def test_every_icon_of_the_actions_is_in_the_icon_font(qapp: QApplication, name: str) -> None:
    image = painted(name)
    assert any(image.pixelColor(x, y).alpha() for x in range(24) for y in range(24))


@pytest.mark.parametrize("weight", [QFont.Weight.Normal, QFont.Weight.Medium, QFont.Weight.DemiBold])
def test_the_bundled_fonts_are_the_ones_that_are_used(qapp: QApplication, weight: QFont.Weight) -> None:
    for font, family in ((text_font(13, weight), "Inter"), (mono_font(12, weight), "JetBrains Mono")):
        assert QFontInfo(font).family() == family
        assert QRawFont.fromFont(font).weight() == weight


@pytest.mark.parametrize("block", registry.blocks().values(), ids=lambda block: block.__name__)
def test_what_is_told_of_a_block_is_in_the_bundled_fonts(block: type[Block], qapp: QApplication) -> None:
    fonts = [QRawFont.fromFont(font) for font in (text_font(), mono_font())]
    told = page(block).replace("\n", "")
    assert [sign for sign in told if not any(font.supportsCharacter(ord(sign)) for font in fonts)] == []


def test_a_name_is_shown_sign_for_sign(qapp: QApplication) -> None:
    for font in (text_font(), mono_font()):
        layout = QTextLayout("conv1x1 -> 0x10", font)
        layout.beginLayout()
        layout.createLine()
        layout.endLayout()
        (run,) = layout.glyphRuns()
        assert run.glyphIndexes() == QRawFont.fromFont(font).glyphIndexesForString(layout.text())


def test_a_sign_that_one_bundled_font_lacks_is_taken_from_the_other(qapp: QApplication) -> None:
    for font in (text_font(), mono_font()):
        assert set(font.families()) == {"Inter", "JetBrains Mono"}


def test_each_bundled_font_comes_with_its_licence() -> None:
    fonts = resources() / "fonts"
    families = {file.name.split("-")[0] for file in fonts.glob("*.[ot]tf")}
    assert families == {"Inter", "JetBrainsMono"}
    for family in families:
        assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts / f"{family}-OFL.txt").read_text(encoding="utf-8")


def test_every_category_has_a_colour() -> None:
    plain = DARK.category("no such category")
    coloured = {name for name in registry.CATEGORIES if DARK.category(name) != plain}
    assert set(registry.CATEGORIES) - coloured == {"Shape", "Merge", "Reduction", "Tensor"}
