"""The window's small dialogs: a question, a problem told in a sentence, the sheet of shortcuts, about."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from netbuilder.ui.actions import ACTIONS, MENUS, Action, native
from netbuilder.ui.theme import icon, mono_font, text_font

_LEAST_WIDTH = 420


@dataclass(frozen=True, slots=True)
class Choice:
    """A button of a question. `role` is how it looks: the one to press is `primary`."""

    id: str
    text: str
    role: str = ""


class Message(QDialog):
    """A title, some sentences, and a row of buttons; `chosen` is the id of the one pressed, empty for Esc."""

    def __init__(
        self,
        parent: QWidget | None,
        title: str,
        text: str,
        choices: Sequence[Choice],
        *,
        symbol: tuple[str, str] | None = None,
        details: str = "",
    ) -> None:
        super().__init__(parent)
        self.chosen = ""
        self.details = details
        self.setWindowTitle(title)
        self.setMinimumWidth(_LEAST_WIDTH)
        self.setMaximumWidth(640)

        self.heading = _label(title, "title")
        self.sentence = _label(text)
        words = QVBoxLayout()
        words.setSpacing(8)
        words.addWidget(self.heading)
        words.addWidget(self.sentence)
        head = QHBoxLayout()
        head.setSpacing(16)
        if symbol:
            picture = QLabel()
            picture.setPixmap(icon(*symbol).pixmap(28, 28))
            head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)

        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addLayout(head)
        if details:
            self.report = QPlainTextEdit(details)
            self.report.setReadOnly(True)
            self.report.setFont(mono_font(11))
            self.report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
            self.report.setMinimumHeight(160)
            column.addWidget(self.report, 1)
        column.addLayout(self._buttons(choices))
        for choice in choices:
            if choice.role == "primary":
                self.button(choice.id).setDefault(True)
                self.button(choice.id).setFocus()

    def sizeHint(self) -> QSize:
        """Return the size that is wanted; Qt asks how high the words are at this width,
        be it narrower than the least or not.
        """
        return super().sizeHint().expandedTo(QSize(_LEAST_WIDTH, 0))

    def button(self, choice_id: str) -> QPushButton:
        """Return the button of this choice."""
        found = self.findChild(QPushButton, choice_id)
        assert isinstance(found, QPushButton)
        return found

    def _buttons(self, choices: Sequence[Choice]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for choice in choices:
            button = QPushButton(choice.text)
            button.setObjectName(choice.id)
            button.setProperty("role", choice.role)
            button.setAutoDefault(choice.role == "primary")
            button.clicked.connect(lambda _=False, chosen=choice.id: self._on_chosen(chosen))
            row.addWidget(button)
        return row

    def _on_chosen(self, chosen: str) -> None:
        if chosen == "copy":
            QGuiApplication.clipboard().setText(self.details)
            self.button("copy").setText("Copied")
            return
        self.chosen = chosen
        self.accept()


def ask(parent: QWidget, title: str, text: str, choices: Sequence[Choice]) -> str:
    """Ask a question and return the id of the chosen answer, or an empty string if the person went away."""
    dialog = Message(parent, title, text, choices)
    dialog.exec()
    dialog.deleteLater()
    return dialog.chosen


def show_problem(parent: QWidget | None, title: str, sentence: str, details: str = "") -> None:
    """Say in a sentence what went wrong; the details, for a report, can be copied."""
    choices = [Choice("close", "Close", "primary")]
    if details:
        choices.insert(0, Choice("copy", "Copy details"))
    dialog = Message(parent, title, sentence, choices, symbol=("mdi6.alert-circle-outline", "error"), details=details)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


GESTURES = (
    ("Add a layer to the right of the selected one, wired", "Double-click the layer"),
    ("Search for a layer at the pointer", "Double-click or Space"),
    ("Search for a layer behind the selected block", "Tab"),
    ("Rename a block, or go into a group", "Double-click it"),
    ("Wire two blocks", "Drag from port to port"),
    ("Search for a layer that fits the wire", "Drop a wire on empty canvas"),
    ("Put a block into a wire", "Drop it on the wire"),
    ("Cut wires", "Alt + Shift + drag"),
    ("Select several", "Drag over them, or Shift + click"),
    ("Nudge the selection", "Arrow keys"),
    ("Walk along wires", "Alt + arrow keys"),
    ("Zoom at the pointer", "Wheel"),
    ("Move the view", "Middle drag, or Space + drag"),
)


def _keys(action: Action) -> str:
    """Return an action's keys as they are written; the two Enter keys, which a keyboard calls otherwise, once."""
    told = [keys for keys in action.keys if "Return" not in keys]
    return " or ".join(native(QKeySequence(keys)) for keys in told[:2])


class ShortcutsSheet(QDialog):
    """Every key and every gesture, on one page."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard and mouse")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups: list[tuple[str, list[tuple[str, str]]]] = []
        for menu in MENUS:
            rows = [
                (action.text.rstrip("…"), _keys(action)) for action in ACTIONS if action.menu == menu and action.keys
            ]
            groups.append((menu, rows))
        columns = (groups[:2], groups[2:4], [*groups[4:], ("On the canvas", list(GESTURES))])
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(24, 20, 24, 24)
        row.setSpacing(40)
        for column in columns:
            row.addLayout(_shortcut_column(column), 1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        room = parent.window().size()
        wanted = page.sizeHint().width() + area.verticalScrollBar().sizeHint().width()
        self.resize(min(wanted, room.width() - 80), min(page.sizeHint().height(), room.height() - 80))


def _shortcut_column(groups: Sequence[tuple[str, list[tuple[str, str]]]]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(8)
    for title, rows in groups:
        if not rows:
            continue
        column.addWidget(_label(title, "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        for line, (what, keys) in enumerate(rows):
            grid.addWidget(QLabel(what), line, 0)
            grid.addWidget(_label(keys, "muted"), line, 1, Qt.AlignmentFlag.AlignRight)
        column.addLayout(grid)
        column.addSpacing(12)
    column.addStretch(1)
    return column


def system_information() -> str:
    """Return versions and the platform, for a bug report."""
    packages = ("netbuilder", "PySide6-Essentials", "torch", "numpy", "onnx", "onnxruntime")
    lines = [f"{name} {version(name)}" for name in packages]
    screen = QGuiApplication.primaryScreen()
    scale = f", scale {screen.devicePixelRatio():g}" if screen else ""
    return "\n".join(
        [
            *lines,
            f"Python {platform.python_version()} on {platform.platform()}",
            f"Qt {QGuiApplication.platformName()}{scale}",
        ]
    )


def about(parent: QWidget) -> None:
    """Say what this program is."""
    text = (
        "Design neural networks by drag and drop, watch them train live, export proven ONNX.\n\n"
        "NetBuilder is free software under the MIT licence. It stands on PyTorch, Qt for Python, NetworkX, ONNX and "
        "pyqtgraph; its fonts, Inter and JetBrains Mono, are under the SIL Open Font License. It uses no network and "
        "sends nothing anywhere."
    )
    dialog = Message(parent, f"NetBuilder {version('netbuilder')}", text, [Choice("close", "Close", "primary")])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def _label(text: str, role: str = "") -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(not role or role == "title")
    label.setProperty("role", role)
    if role == "title":
        label.setFont(text_font(15, QFont.Weight.DemiBold))
    if not role:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
