"""The palette: blocks by category, and groups; found by name or alias, dragged out,
or added by a double click or Enter.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QMenu, QVBoxLayout, QWidget

from netbuilder.graph.edits import AddGroup, DescribeGroup, Edit, RemoveGroup, RenameGroup, flatten
from netbuilder.graph.project import GroupId, group_of
from netbuilder.ui import group_intents, offers
from netbuilder.ui.document import Document
from netbuilder.ui.offers import GroupRow
from netbuilder.ui.panels.palette_list import PaletteList
from netbuilder.ui.panels.palette_rows import BLOCK_ROLE, FOLDED_ROLE, AnyIndex, PaletteRows, Row, id_of
from netbuilder.ui.theme import notifier
from netbuilder.ui.wiring import Refusal


class Palette(QWidget):
    """A search field over the list. `block_requested(id)` asks to add one behind what is selected and wire it.

    The id is a type of block, or the entry of a group in a file. `refused` carries why a group can't be deleted. Of the
    library of groups, `keep_requested(id)` asks to keep one of the project, and the others name the file of one that is
    kept.
    """

    block_requested = Signal(str)
    refused = Signal(str)
    keep_requested = Signal(str)
    rename_requested = Signal(object)
    delete_requested = Signal(object)
    show_requested = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(140)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search layers")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._refilter)
        self.search.installEventFilter(self)
        self.search.setAccessibleName("Search layers")

        self._model = PaletteRows(self)
        self.list = PaletteList(self)
        self.list.setModel(self._model)
        self.list.installEventFilter(self)
        self.list.clicked.connect(self._toggle)
        self.list.doubleClicked.connect(self._request)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._open_menu)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(8)
        field = QVBoxLayout()
        field.setContentsMargins(12, 0, 12, 0)
        field.addWidget(self.search)
        column.addLayout(field)
        column.addWidget(self.list)
        notifier().changed.connect(self.list.viewport().update)
        self._document = document
        document.edited.connect(self._on_document_edited)
        document.replaced.connect(self.refresh_groups)
        self.refresh_groups()

    def refresh_groups(self) -> None:
        """List the groups of the project, and those in files."""
        self._model.show_groups(offers.groups(self._document.project))

    def _on_document_edited(self, edit: Edit) -> None:
        if any(isinstance(part, AddGroup | RemoveGroup | RenameGroup | DescribeGroup) for part in flatten(edit)):
            self.refresh_groups()

    def folded(self) -> list[str]:
        """Return the categories whose blocks are hidden."""
        return sorted(self._model.folded)

    def fold(self, categories: Collection[str]) -> None:
        """Hide the blocks of just these categories."""
        self._model.fold_just(categories)

    def focus_search(self) -> None:
        """Put the keyboard into the search field, ready to type over."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def shown(self) -> list[str]:
        """Return the ids of the blocks that are listed now."""
        return [id_of(row) for row in self._model.rows if not isinstance(row, str)]

    def current(self) -> Row | None:
        """Return the block or group of the current line, if it is one."""
        return self.list.currentIndex().data(BLOCK_ROLE)

    def index_of(self, block_id: str) -> QModelIndex:
        """Return the place in the list of a block that is shown."""
        names = ["" if isinstance(row, str) else id_of(row) for row in self._model.rows]
        return self._model.index(names.index(block_id))

    def _refilter(self, query: str) -> None:
        self._model.show(query)
        self.list.setCurrentIndex(self._model.index(self._model.next_stop(-1, 1)) if query.strip() else QModelIndex())
        self.list.scrollToTop()

    def _request(self, index: AnyIndex) -> None:
        block = index.data(BLOCK_ROLE)
        if block is not None:
            self.block_requested.emit(id_of(block))

    def _open_menu(self, place: QPoint) -> None:
        """Open the menu of a group of the project or of a kept one, where the pointer is;
        by key, of the current one.
        """
        index = self.list.indexAt(place)
        index = index if index.isValid() else self.list.currentIndex()
        group, file = self._group_at(index), self._file_at(index)
        if group is None and file is None:
            return
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(menu.deleteLater)
        if group:
            self._fill_own(menu, group)
        else:
            menu.addAction("Rename…", lambda: self.rename_requested.emit(file))
            menu.addAction("Show in folder", lambda: self.show_requested.emit(file))
            delete = menu.addAction("Delete from my library", "Del", lambda: self.delete_requested.emit(file))
            delete.setToolTip("Its file goes to the trash. Projects that use it have it still.")
        menu.popup(self.list.viewport().mapToGlobal(place))

    def _fill_own(self, menu: QMenu, group: GroupId) -> None:
        wanted = group_intents.delete_group(self._document.project, group)
        keep = menu.addAction("Keep in my library", lambda: self.keep_requested.emit(group))
        keep.setToolTip("Write it to a file, to be used in other projects.")
        delete = menu.addAction("Delete group", "Del", lambda: self._delete(group))
        delete.setEnabled(not isinstance(wanted, Refusal))
        delete.setToolTip(wanted.message if isinstance(wanted, Refusal) else "Nothing uses it: it can be deleted.")

    def _delete(self, group: GroupId) -> None:
        """Delete a group of the project that nothing uses; the line after it is the current one then."""
        wanted = group_intents.delete_group(self._document.project, group)
        if isinstance(wanted, Refusal):
            self.refused.emit(wanted.message)
            return
        row = self.list.currentIndex().row()
        self._document.apply(wanted)
        self.list.setCurrentIndex(self._model.index(self._model.next_stop(row - 1, 1)))

    def _group_at(self, index: AnyIndex) -> GroupId | None:
        """Return the group of the project that a line stands for, if it does."""
        row = index.data(BLOCK_ROLE)
        return group_of(row.id) if isinstance(row, GroupRow) else None

    def _file_at(self, index: AnyIndex) -> Path | None:
        """Return the file of the kept group that a line stands for, if it does."""
        row = index.data(BLOCK_ROLE)
        return row.file if isinstance(row, GroupRow) and row.section == offers.LIBRARY else None

    def _toggle(self, index: AnyIndex) -> None:
        """Fold or unfold the category of a heading."""
        folded: bool | None = index.data(FOLDED_ROLE)
        if folded is not None:
            self._model.fold(index.data(), folded=not folded)

    def _fold_current(self) -> None:
        """Fold the category of the current block; its heading is the current line then."""
        block = self.list.currentIndex().data(BLOCK_ROLE)
        if block is not None and not self.search.text():
            at, rows = self.list.currentIndex().row(), self._model.rows
            heading = self._model.index(max(row for row in range(at) if isinstance(rows[row], str)))
            self._toggle(heading)
            self.list.setCurrentIndex(heading)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.ignore()
            # what one wants to take back is the layer that was added, not the word that found it
            return event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key(event, in_search=watched is self.search)
        return False

    def _on_key(self, event: QKeyEvent, *, in_search: bool) -> bool:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._move(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._toggle(self.list.currentIndex())
            self._request(self.list.currentIndex())
        elif key == Qt.Key.Key_Right and not in_search and self.list.currentIndex().data(FOLDED_ROLE):
            self._toggle(self.list.currentIndex())
        elif key == Qt.Key.Key_Left and not in_search:
            self._fold_current()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not in_search:
            group, file = self._group_at(self.list.currentIndex()), self._file_at(self.list.currentIndex())
            if group is not None:
                self._delete(group)
            elif file is not None:
                self.delete_requested.emit(file)
        elif key == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif not in_search and event.text().isprintable() and event.text() and not event.modifiers() & _COMMAND:
            self.search.setFocus()
            self.search.setText(self.search.text() + event.text())
        else:
            return False
        return True

    def _move(self, by: int) -> None:
        row = self._model.next_stop(self.list.currentIndex().row(), by)
        self.list.setCurrentIndex(self._model.index(row))
        if row == self._model.next_stop(-1, 1):
            self.list.scrollToTop()


_COMMAND = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
