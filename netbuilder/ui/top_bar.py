"""The row at the top of the window: the project's name, the menus, what is wrong, and the buttons used most."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFont, QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenuBar, QPushButton, QSizePolicy, QWidget

from netbuilder.diagnostics import Diagnostic
from netbuilder.ui.actions import BUTTONS, MENUS, Actions
from netbuilder.ui.panels.parts import Elided
from netbuilder.ui.theme import text_font, theme

_HEIGHT = 44
_LEAST_NAME = 48
_ROOMY = 1200
"""From this width on there is room for all buttons, and a name."""
_LETTERS = {name: "X" if name == "Export" else name[0] for name in MENUS}
"""Alt and this letter opens a menu; underlined letters would be in the way of reading."""


class ActionButton(QPushButton):
    """A button that is an action: enabled, named and explained as it is."""

    def __init__(self, action: QAction, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._action = action
        self.setObjectName(f"button_{action.objectName()}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where it is: in the canvas
        self.clicked.connect(action.trigger)
        action.changed.connect(self._on_action_changed)
        self._on_action_changed()

    def _on_action_changed(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())


class TopBar(QWidget):
    """`problems_requested` asks to see the list of problems."""

    problems_requested = Signal()

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEIGHT)
        self._has_network = False
        self.name = Elided("text")
        self.name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.name.setMinimumWidth(_LEAST_NAME)
        self.name.setFont(text_font(13, QFont.Weight.DemiBold))
        self.badge = QLabel("canvas changed")
        self.badge.setProperty("role", "warning")
        self.badge.setToolTip(
            "The canvas shows another network than the one that is trained. Train anew to train this one."
        )
        self.badge.hide()
        self.problems = QPushButton()
        self.problems.setObjectName("problems")
        self.problems.setProperty("role", "quiet")
        self.problems.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.problems.clicked.connect(self.problems_requested)
        self.menus = QMenuBar()
        self.menus.setNativeMenuBar(False)
        self.menu = {name: self.menus.addMenu(name) for name in MENUS}
        for name, menu in self.menu.items():
            actions.fill(menu, name)
            shortcut = QShortcut(QKeySequence(f"Alt+{_LETTERS[name]}"), self)
            shortcut.activated.connect(lambda menu=menu: self.menus.setActiveAction(menu.menuAction()))
        self.menus.setMinimumWidth(self.menus.sizeHint().width())
        self.buttons = {action_id: ActionButton(actions[action_id], text) for action_id, text in BUTTONS.items()}
        self.buttons["train"].setProperty("role", "primary")

        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 1)
        row.setSpacing(8)
        row.addWidget(self.name)
        row.addSpacing(4)
        row.addWidget(self.menus, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addWidget(self.badge)
        row.addWidget(self.problems)
        for button in self.buttons.values():
            row.addWidget(button)

    def show_problems(self, found: Sequence[Diagnostic], *, is_known: bool, is_drawn: bool) -> None:
        """Say how many problems there are, in the colour of the worst;
        `is_known` once the network was looked through.
        """
        if not is_known:
            self._say("checking", "")
        elif found:
            worst = "error" if any(each.severity == "error" for each in found) else "warning"
            word = "problem" if worst == "error" else "warning"
            self._say(f"{len(found)} {word}{'s' if len(found) > 1 else ''}", worst)
        else:
            self._say(*("no problems", "good") if is_drawn else ("nothing drawn yet", ""))

    def show_buttons(self, shown: bool) -> None:
        """Show what belongs to an open network, or, on the start page, the menus alone.

        “Continue” shows itself where there is a run to go on with.
        """
        self._has_network = shown
        for part in (self.name, self.problems, *self.buttons.values()):
            part.setVisible(shown and part is not self.buttons["continue"])
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Where the window is narrow, leave away the buttons that the menus make up for."""
        for action_id in ("arrange", "export_onnx"):
            self.buttons[action_id].setVisible(self._has_network and self.width() >= _ROOMY)

    def show_training(self, state: str) -> None:
        """Let the main button say what it started."""
        button = self.buttons["train"]
        idle = "Train" if self.buttons["continue"].isHidden() else "Train anew"
        texts = {"idle": idle, "preparing": "Preparing", "running": "Training", "paused": "Paused"}
        button.setText(texts[state])
        if button.property("active") != (state != "idle"):
            button.setProperty("active", state != "idle")
            button.style().polish(button)

    def _say(self, text: str, state: str) -> None:
        self.problems.setText(text)
        if self.problems.property("state") != state:
            self.problems.setProperty("state", state)
            self.problems.style().polish(self.problems)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().panel)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme().line)
