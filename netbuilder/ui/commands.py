"""What each action does in the window, and why it may be unable to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from netbuilder.blocks import registry
from netbuilder.blocks.spec import Block
from netbuilder.graph.edits import Edit
from netbuilder.graph.project import Group, GroupId, group_of
from netbuilder.training.config import no_training
from netbuilder.training.sections import section_problems
from netbuilder.ui import keeping, offers
from netbuilder.ui.actions import ACTIONS, native
from netbuilder.ui.dialogs import ShortcutsSheet, about, system_information
from netbuilder.ui.folders import show_folder
from netbuilder.ui.reference import Reference
from netbuilder.ui.search_popup import Entry, SearchPopup
from netbuilder.ui.session import runs_folder
from netbuilder.ui.settings import forget_files, recent_files, settings
from netbuilder.ui.theme import Choice, choice, set_theme
from netbuilder.ui.wiring import Refusal

if TYPE_CHECKING:
    from netbuilder.ui.main_window import MainWindow


def hideable(window: MainWindow) -> dict[str, QWidget]:
    """Return the panels that the View menu shows and hides, by the id of their action."""
    return {"show_palette": window.layers, "show_inspector": window.inspector, "show_bottom": window.tabs}


def bind(window: MainWindow) -> None:
    """Give every action of the table its work."""
    _bind_file(window)
    _bind_edit(window)
    _bind_view(window)
    _bind_network(window)
    _bind_train(window)
    _bind_export(window)
    _bind_help(window)
    assert not window.actions_by_id.unbound(), window.actions_by_id.unbound()
    refresh(window)


def refresh(window: MainWindow) -> None:
    """Show which actions can run now, and what they are called now."""
    actions, session = window.actions_by_id, window.session
    actions.refresh()
    stack = window.document.undo_stack
    actions["undo"].setText(f"Undo: {stack.undoText()}" if stack.canUndo() else "Undo")
    actions["redo"].setText(f"Redo: {stack.redoText()}" if stack.canRedo() else "Redo")
    is_paused = session.state == "paused"
    actions["show_overview"].setChecked(window.canvas.overview.is_wanted)
    actions["pause"].setText("Go on" if is_paused else "Pause")
    window.top_bar.buttons["pause"].setText("Go on" if is_paused else "Pause")
    _show_continue(window)
    window.top_bar.show_training(session.state)
    if window.training:
        window.training.show_refusal(_untrainable(window) or "")
    for name, panel in hideable(window).items():
        actions[name].setChecked(not panel.isHidden())
    for name in ("light", "dark", "system"):
        actions[f"theme_{name}"].setChecked(choice() == name)


def _show_continue(window: MainWindow) -> None:
    """Offer to go on with the last run where that can be done, and say beforehand what it will do."""
    action, session, button = window.actions_by_id["continue"], window.session, window.top_bar.buttons["continue"]
    is_ended = action.isEnabled() and session.state == "idle"
    button.setVisible(is_ended)
    if not is_ended:
        action.setText("Continue")
        return
    goal = session.goal_epochs()
    if session.interrupted:
        text = f"from epoch {session.interrupted.done + 1:,} on, to {goal:,}"
    else:
        assert session.ended
        assert session.telemetry
        done, is_over = session.telemetry.progress.epoch, session.ended.reason == "finished"
        text = f"{goal - done:,} more epochs, to {goal:,}" if is_over else f"from epoch {done:,} on, to {goal:,}"
    action.setText(f"Continue: {text}")
    action.setToolTip(f"{action.text()}; {action.toolTip()[:1].lower()}{action.toolTip()[1:]}")


def _bind_file(window: MainWindow) -> None:
    actions, files = window.actions_by_id, window.files
    actions.bind("new", files.new)
    actions.bind("open", files.choose_and_open)
    actions.bind("start_page", window.show_start_page)
    actions.bind("save", files.save, lambda: _not_on_start_page(window))
    actions.bind("save_as", files.save_as, lambda: _not_on_start_page(window))
    actions.bind("quit", window.close)
    recent = QMenu("Open recent", window)
    recent.aboutToShow.connect(lambda: _fill_recent(window, recent))
    window.top_bar.menu["File"].insertMenu(actions["start_page"], recent)


def _fill_recent(window: MainWindow, menu: QMenu) -> None:
    menu.clear()
    for path in recent_files():
        action = menu.addAction(path.stem, lambda path=path: window.files.open(path))
        action.setToolTip(str(path))
    menu.setToolTipsVisible(True)
    if menu.isEmpty():
        menu.addAction("No project was open yet").setEnabled(False)
        return
    menu.addSeparator()
    menu.addAction("Forget these", forget_files)


def _bind_edit(window: MainWindow) -> None:
    actions, canvas, stack = window.actions_by_id, window.canvas, window.document.undo_stack
    actions.bind("undo", stack.undo, lambda: None if stack.canUndo() else "Nothing was changed yet.")
    actions.bind("redo", stack.redo, lambda: None if stack.canRedo() else "There is nothing to redo.")
    stack.indexChanged.connect(window.refresh)

    def unselected() -> str | None:
        return _not_on_start_page(window) or (None if canvas.selected() else "Select a block first.")

    for name, run in (
        ("cut", canvas.cut),
        ("copy", canvas.copy),
        ("duplicate", canvas.duplicate),
        ("delete", canvas.delete_selection),
        ("rename", canvas.rename_selected),
    ):
        actions.bind(name, run, unselected)
    actions.bind("paste", canvas.paste, lambda: _not_on_start_page(window))
    actions.bind("paste_wired", lambda: canvas.paste(keep_incoming=True), lambda: _not_on_start_page(window))
    actions.bind("select_all", canvas.select_all, lambda: _empty(window))


def _bind_view(window: MainWindow) -> None:
    actions, canvas = window.actions_by_id, window.canvas
    actions.bind("fit", canvas.fit, lambda: _empty(window))
    actions.bind("fit_selection", canvas.fit_selection, lambda: _empty(window))
    actions.bind("zoom_100", lambda: canvas.zoom_to(1.0), lambda: _not_on_start_page(window))
    actions.bind("zoom_in", canvas.zoom_in, lambda: _not_on_start_page(window))
    actions.bind("zoom_out", canvas.zoom_out, lambda: _not_on_start_page(window))
    actions.bind("show_overview", canvas.toggle_overview, lambda: _not_on_start_page(window))
    for name, panel in hideable(window).items():
        actions.bind(name, lambda panel=panel: _toggle(window, panel), lambda: _not_on_start_page(window))
    for name in ("light", "dark", "system"):
        actions.bind(f"theme_{name}", lambda name=name: _choose_theme(window, name))
    actions.bind("commands", lambda: _open_commands(window))


def _toggle(window: MainWindow, panel: QWidget) -> None:
    panel.setVisible(panel.isHidden())
    refresh(window)


def _choose_theme(window: MainWindow, name: Choice) -> None:
    set_theme(name)
    settings().setValue("theme", name)
    refresh(window)


def _open_commands(window: MainWindow) -> None:
    """Open the command palette: every action by its menu; those that can't run say why and can't be chosen."""
    entries = []
    for spec in ACTIONS:
        action = window.actions_by_id[spec.id]
        why = action.toolTip() if not action.isEnabled() else f"{spec.menu} · {spec.tip}"
        hint = native(QKeySequence(spec.keys[0])) if spec.keys else ""
        title = action.text().rstrip("…")
        entries.append(Entry(title, why, value=spec.id, keywords=(spec.menu,), hint=hint, enabled=action.isEnabled()))
    popup = window.findChild(SearchPopup, "commands") or SearchPopup(window.canvas)
    popup.setObjectName("commands")
    middle = window.mapToGlobal(QPoint(window.width() // 2 - 206, 96))
    popup.open_at(
        middle,
        entries,
        lambda entry: window.actions_by_id[str(entry.value)].trigger(),
        placeholder="Search commands",
    )


def _bind_network(window: MainWindow) -> None:
    actions = window.actions_by_id
    actions.bind("add_block", window.canvas.open_search, lambda: _not_on_start_page(window))
    actions.bind("arrange", window.canvas.arrange, lambda: _empty(window))

    def too_few() -> str | None:
        is_chain = len(window.canvas.selected()) > 1
        return _not_on_start_page(window) or (None if is_chain else "Select the blocks to wire, in their order.")

    actions.bind("connect", window.canvas.connect_selected, too_few)
    _bind_groups(window)
    _bind_weights(window)

    def no_problem() -> str | None:
        placed = any(each.node for each in window.problems.diagnostics())
        return _not_on_start_page(window) or (None if placed else "No block has a problem.")

    actions.bind("next_problem", window.problems.next_problem, no_problem)


def _bind_groups(window: MainWindow) -> None:
    actions, canvas = window.actions_by_id, window.canvas

    def no_blocks() -> str | None:
        return _not_on_start_page(window) or (None if canvas.selected() else "Select the blocks to group.")

    def no_group() -> str | None:
        return _not_on_start_page(window) or (None if canvas.selected_group() else "Select a group first.")

    def outside() -> str | None:
        return _not_on_start_page(window) or (None if window.document.group else "This is the network itself.")

    actions.bind("group", canvas.group_selected, no_blocks)
    actions.bind("ungroup", canvas.ungroup_selected, no_group)
    actions.bind("independent", canvas.make_selected_independent, no_group)
    actions.bind("keep_group", canvas.keep_selected, no_group)
    keeping.serve(window)
    actions.bind("enter_group", canvas.enter_selected, no_group)
    actions.bind("leave_group", canvas.leave, outside)


def _bind_weights(window: MainWindow) -> None:
    actions, canvas = window.actions_by_id, window.canvas

    def refusal(ask: Callable[[], Edit | Refusal]) -> str | None:
        asked = ask()
        return _not_on_start_page(window) or (asked.message if isinstance(asked, Refusal) else None)

    actions.bind("share_weights", canvas.share_weights, lambda: refusal(canvas.sharing_intent))
    actions.bind("own_weights", canvas.own_weights, lambda: refusal(canvas.parting_intent))


def _bind_train(window: MainWindow) -> None:
    actions, session = window.actions_by_id, window.session

    def busy() -> str | None:
        return {"idle": None, "preparing": "A run is being prepared."}.get(
            session.state, "The network is being trained."
        )

    def not_running() -> str | None:
        if session.stopping:
            return "The run is being finished."
        return None if session.state in ("running", "paused") else "Nothing is being trained."

    def not_going_on() -> str | None:
        return not_running() if session.state == "paused" else busy() or session.can_continue()

    actions.bind("train", session.train, lambda: busy() or _untrainable(window))
    actions.bind("pause", lambda: session.resume() if session.state == "paused" else session.pause(), not_running)
    actions.bind("step", session.step, not_running)
    actions.bind("stop", session.stop, lambda: not_running() if session.state != "preparing" else None)
    actions.bind(
        "continue",
        lambda: session.resume() if session.state == "paused" else session.continue_run(),
        lambda: _not_on_start_page(window) or not_going_on(),
    )
    actions.bind("show_runs", lambda: show_folder(runs_folder(), window.notice))


def _bind_export(window: MainWindow) -> None:
    actions, export = window.actions_by_id, window.export

    def exporting() -> str | None:
        return "An export is under way." if export.busy else None

    def no_output() -> str | None:
        program = window.analysis.lowering.program if window.analysis.lowering else None
        if program is None or any(result.role == "output" for result in program.results):
            return None
        return "There is no Output block, so there is nothing to export: add one after the last layer."

    actions.bind("export_onnx", export.ask_and_export, lambda: exporting() or _incomplete(window) or no_output())
    actions.bind("save_code", export.ask_and_save_code, lambda: _incomplete(window))
    actions.bind("copy_code", export.copy_code, lambda: _incomplete(window))
    export.busy_changed.connect(window.refresh)


def _bind_help(window: MainWindow) -> None:
    actions = window.actions_by_id
    actions.bind("reference", lambda: Reference(window, _selected_kind(window)).show())
    actions.bind("shortcuts", lambda: ShortcutsSheet(window).show())
    actions.bind("copy_system", lambda: _copy_system(window))
    actions.bind("about", lambda: about(window))


def _selected_kind(window: MainWindow) -> type[Block] | Group | None:
    """Return the block of the library or the group that the palette's line or the selection is about,
    if it is about one.
    """
    if window.layers.list.hasFocus() and (row := window.layers.current()):
        return offers.definition(window.document.project, row) if isinstance(row, offers.GroupRow) else row
    types = [window.document.sheet.graph.node(node).type for node in window.canvas.selected()]
    groups = window.document.project.groups
    kinds = (registry.get(each) or groups.get(group_of(each) or GroupId("")) for each in types)
    return next((kind for kind in kinds if kind), None)


def _copy_system(window: MainWindow) -> None:
    QGuiApplication.clipboard().setText(system_information())
    window.notice.tell("Versions and platform are on the clipboard.", "good", passing=True)


def _not_on_start_page(window: MainWindow) -> str | None:
    return None if window.pages.currentWidget() is window.editor else "Open or begin a network first."


def _empty(window: MainWindow) -> str | None:
    return _not_on_start_page(window) or (None if len(window.document.sheet.graph) else "The canvas is empty.")


def _untrainable(window: MainWindow) -> str | None:
    """Say why the network can't be trained, or return None."""
    reason = _incomplete(window)
    lowering = window.analysis.lowering
    if reason or lowering is None or lowering.program is None:
        return reason
    if not lowering.program.only("loss").results:
        return "There is no loss, so there is nothing to train for."
    broken = section_problems(window.document.project)
    return f"Fix this first: {broken[0].message}" if broken else no_training(window.document.project.training)


def _incomplete(window: MainWindow) -> str | None:
    """Say why the network can't be trained or exported, or return None."""
    is_drawn = len(window.document.project.graph)
    reason = _not_on_start_page(window) or (None if is_drawn else "The canvas is empty.")
    lowering = window.analysis.lowering
    if reason or (lowering and lowering.program):
        return reason
    if lowering is None:
        return "The network is being checked."
    errors = [each for each in lowering.problems() if each.severity == "error"]
    rest = f" And {len(errors) - 1} more." if len(errors) > 1 else ""
    return f"Fix this first: {errors[0].message}{rest}" if errors else "The network is empty."
