"""All actions in one table, which feeds menus, top bar, shortcuts, the shortcuts sheet and the command palette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from netbuilder.ui.theme import icon
from netbuilder.ui.typed import take_typed

MENUS = ("File", "Edit", "View", "Network", "Train", "Export", "Help")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person can do.

    `text` stands in its menu and in the command palette, `tip` says what it does. A `canvas` action's keys count only
    while the keyboard is in the canvas, so that single letters can be keys; `shown` keys are for the canvas itself to
    tell from a drag with the key held. `section` numbers the parts of a menu.
    """

    id: str
    menu: str
    section: int
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    tip: str = ""
    scope: Literal["window", "canvas", "shown"] = "window"
    checkable: bool = False


ACTIONS = (
    Action("new", "File", 0, "New", ("Ctrl+N",), "mdi6.file-plus-outline", "Start an empty network"),
    Action("open", "File", 0, "Open…", ("Ctrl+O",), "mdi6.folder-open-outline", "Open a .netb project"),
    Action("start_page", "File", 0, "Examples and recent…", (), "mdi6.view-grid-outline", "Go to the start page"),
    Action("save", "File", 1, "Save", ("Ctrl+S",), "mdi6.content-save-outline", "Save the project in its file"),
    Action("save_as", "File", 1, "Save as…", ("Ctrl+Shift+S",), "", "Save the project in another file"),
    Action("quit", "File", 2, "Quit", ("Ctrl+Q",), "", "Close the window; a training run is stopped and kept"),
    Action("undo", "Edit", 0, "Undo", ("Ctrl+Z",), "mdi6.undo", "Undo the last change"),
    Action("redo", "Edit", 0, "Redo", ("Ctrl+Y", "Ctrl+Shift+Z"), "mdi6.redo", "Redo what was undone"),
    Action("cut", "Edit", 1, "Cut", ("Ctrl+X",), "mdi6.content-cut", "Move the selected blocks to the clipboard"),
    Action("copy", "Edit", 1, "Copy", ("Ctrl+C",), "mdi6.content-copy", "Copy the selected blocks as JSON text"),
    Action("paste", "Edit", 1, "Paste", ("Ctrl+V",), "mdi6.content-paste", "Insert the blocks on the clipboard"),
    Action("paste_wired", "Edit", 1, "Paste with wires", ("Ctrl+Shift+V",), "",
           "Insert the blocks and keep the wires that led into them"),
    Action("duplicate", "Edit", 1, "Duplicate", ("Ctrl+D",), "mdi6.content-duplicate",
           "Copy the selected blocks beside themselves"),
    Action("delete", "Edit", 1, "Delete", ("Del", "Backspace"), "mdi6.trash-can-outline",
           "Delete the selected blocks; their wires heal", "canvas"),
    Action("select_all", "Edit", 2, "Select all", ("Ctrl+A",), "mdi6.select-all", "Select every block"),
    Action("rename", "Edit", 2, "Rename…", ("F2",), "mdi6.rename", "Give the selected block another name"),
    Action("fit", "View", 0, "Show all", ("Home",), "mdi6.fit-to-page-outline",
           "Fit the whole network into the view", "canvas"),
    Action("fit_selection", "View", 0, "Show selection", ("F", "."), "mdi6.image-filter-center-focus",
           "Fit the selected blocks into the view", "canvas"),
    Action("zoom_100", "View", 0, "Zoom to 100 %", ("Ctrl+0",), "mdi6.magnify", "Show blocks at their natural size"),
    Action("zoom_in", "View", 0, "Zoom in", ("Ctrl++", "Ctrl+="), "mdi6.magnify-plus-outline",
           "Make everything larger"),
    Action("zoom_out", "View", 0, "Zoom out", ("Ctrl+-",), "mdi6.magnify-minus-outline", "Make everything smaller"),
    Action("show_palette", "View", 1, "Layers", ("Ctrl+1",), "", "Show or hide the layers at the left", checkable=True),
    Action("show_inspector", "View", 1, "Inspector", ("Ctrl+2",), "",
           "Show or hide the inspector at the right", checkable=True),
    Action("show_bottom", "View", 1, "Bottom panel", ("Ctrl+J",), "",
           "Show or hide training, problems and code", checkable=True),
    Action("show_overview", "View", 1, "Overview", ("Alt+M",), "",
           "Show or hide the small map of a network that is larger than the view", checkable=True),
    Action("theme_light", "View", 2, "Light theme", (), "", "Dark on light", checkable=True),
    Action("theme_dark", "View", 2, "Dark theme", (), "", "Light on dark", checkable=True),
    Action("theme_system", "View", 2, "Theme of the system", (), "", "Follow the desktop", checkable=True),
    Action("commands", "View", 3, "Find a command…", ("Ctrl+Shift+P",), "mdi6.console-line",
           "Search everything that NetBuilder can do"),
    Action("add_block", "Network", 0, "Add a block…", ("Tab", "Space"), "mdi6.plus-box-outline",
           "Search for a layer and put it on the canvas", "shown"),
    Action("connect", "Network", 0, "Wire the selection", ("W",), "mdi6.vector-polyline",
           "Wire the selected blocks one to the next", "canvas"),
    Action("arrange", "Network", 0, "Arrange", ("L",), "mdi6.auto-fix",
           "Lay the blocks out in the order in which data flows", "canvas"),
    Action("group", "Network", 1, "Group", ("Ctrl+G",), "mdi6.group",
           "Put the selected blocks into a group, and one instance of it in their place"),
    Action("ungroup", "Network", 1, "Ungroup", ("Ctrl+Shift+G",), "mdi6.ungroup",
           "Put what is in the selected group in its place"),
    Action("independent", "Network", 1, "Make independent", (), "",
           "Give the selected instance a group of its own, so that it can be changed alone"),
    Action("keep_group", "Network", 1, "Keep in my library", (), "",
           "Write the selected group to a file, to be used in other projects"),
    Action("enter_group", "Network", 1, "Edit inside", ("Return", "Enter"), "", "Go into the selected group", "canvas"),
    Action("leave_group", "Network", 1, "Leave the group", ("Esc",), "",
           "Go back out to where the group is used", "shown"),
    Action("share_weights", "Network", 2, "Share weights", ("Ctrl+L",), "mdi6.link-variant",
           "Give the selected blocks the same weights: one layer, used in several places"),
    Action("own_weights", "Network", 2, "Own weights", ("Ctrl+Shift+L",), "mdi6.link-variant-off",
           "Give the selected blocks weights of their own again"),
    Action("next_problem", "Network", 3, "Next problem", ("F8",), "mdi6.alert-circle-outline",
           "Go to the block of the next problem"),
    Action("train", "Train", 0, "Train", ("Ctrl+Enter", "Ctrl+Return"), "mdi6.play",
           "Train a new run, from fresh weights"),
    Action("pause", "Train", 0, "Pause", ("Ctrl+Shift+Space",), "mdi6.pause",
           "Pause or go on; the weights are kept as they are"),
    Action("step", "Train", 0, "One step", ("F10",), "mdi6.debug-step-over", "Train for a single batch, and pause"),
    Action("stop", "Train", 0, "Stop", ("Shift+F5",), "mdi6.stop", "End the run; what it learned is kept"),
    Action("continue", "Train", 0, "Continue", ("Ctrl+Shift+Enter", "Ctrl+Shift+Return"), "mdi6.play-circle-outline",
           "Go on with the last run, from what it has learned"),
    Action("show_runs", "Train", 2, "Show the runs' folder", (), "mdi6.folder-outline",
           "Open the folder where runs are kept"),
    Action("export_onnx", "Export", 0, "Export ONNX…", ("Ctrl+E",), "mdi6.export-variant",
           "Write an ONNX file, proven equal to the network here"),
    Action("save_code", "Export", 1, "Save PyTorch code…", (), "mdi6.language-python",
           "Write the network as a Python file that imports only torch"),
    Action("copy_code", "Export", 1, "Copy PyTorch code", (), "mdi6.content-copy",
           "Put the network's Python code on the clipboard"),
    Action("reference", "Help", 0, "Reference", ("F1",), "mdi6.book-open-variant",
           "What the selected block does and takes; with none selected, of all blocks"),
    Action("shortcuts", "Help", 0, "Keyboard and mouse", ("?",), "mdi6.keyboard-outline", "Show what every key does"),
    Action("copy_system", "Help", 1, "Copy system information", (), "", "Versions and devices, for a bug report"),
    Action("about", "Help", 1, "About NetBuilder", (), "", "Version and licences"),
)  # fmt: skip

BUTTONS = {
    "arrange": "Arrange",
    "pause": "Pause",
    "stop": "Stop",
    "continue": "Continue",
    "train": "Train",
    "export_onnx": "Export ONNX",
}
"""The actions of the top bar, with the words on their buttons."""

Refusal = Callable[[], str | None]


class Actions(QObject):
    """The table as `QAction`s. An action is bound to what it does and to why it may be unable to."""

    def __init__(self, window: QWidget, canvas: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._canvas = canvas
        self._bound: set[str] = set()
        self._refusals: dict[str, Refusal] = {}
        self._by_id = {action.id: self._make(action) for action in ACTIONS}

    def __getitem__(self, action_id: str) -> QAction:
        return self._by_id[action_id]

    def bind(self, action_id: str, run: Callable[[], object], refusal: Refusal | None = None) -> None:
        """Let the action do `run` once what is typed is taken, except while `refusal` gives a reason against it."""

        def start() -> None:
            take_typed(self._window)
            run()

        self._by_id[action_id].triggered.connect(start)
        self._bound.add(action_id)
        if refusal:
            self._refusals[action_id] = refusal

    def unbound(self) -> list[str]:
        """Return the actions that have nothing to do yet."""
        return [action.id for action in ACTIONS if action.id not in self._bound]

    def refresh(self) -> None:
        """Ask again which actions can run; those that can't are disabled and say why."""
        for spec in ACTIONS:
            if spec.id in self._refusals:
                reason = self._refusals[spec.id]()
                self._by_id[spec.id].setEnabled(reason is None)
                self._by_id[spec.id].setToolTip(reason or _tip(spec))

    def fill(self, menu: QMenu, name: str) -> None:
        """Put the actions of the menu `name` into `menu`, with a line between its sections."""
        menu.setToolTipsVisible(True)
        section = 0
        for action in (each for each in ACTIONS if each.menu == name):
            if action.section != section:
                menu.addSeparator()
                section = action.section
            menu.addAction(self._by_id[action.id])

    def _make(self, action: Action) -> QAction:
        made = QAction(action.text, self._window)
        made.setObjectName(action.id)
        # not every platform leaves out the Shift that “?” takes on most keyboards
        made.setShortcuts(
            [QKeySequence(keys) for keys in (*action.keys, *(f"Shift+{key}" for key in action.keys if key == "?"))]
        )
        made.setCheckable(action.checkable)
        made.setMenuRole(QAction.MenuRole.NoRole)
        if action.icon:
            made.setIcon(icon(action.icon, "muted"))
        made.setToolTip(_tip(action))
        match action.scope:
            case "window":
                self._window.addAction(made)
            case "canvas":
                made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                self._canvas.addAction(made)
            case "shown":
                made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        return made


def _tip(action: Action) -> str:
    return f"{action.tip}  ({native(QKeySequence(action.keys[0]))})" if action.keys else action.tip


def native(keys: QKeySequence) -> str:
    """Return the keys as this system writes them."""
    return keys.toString(QKeySequence.SequenceFormat.NativeText)
