"""The palette: every block by category, found by name or alias, dragged out or added by the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QDrag, QFont, QKeyEvent, QKeySequence, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from netbuilder.blocks import registry
from netbuilder.blocks.spec import Block
from netbuilder.graph.edits import AddGroup, Edit, RemoveGroup, RenameGroup, flatten
from netbuilder.graph.project import group_type
from netbuilder.ui import group_library
from netbuilder.ui.document import Document
from netbuilder.ui.panels.help import tooltip
from netbuilder.ui.theme import GROUP_CATEGORY, mix, mono_font, notifier, text_font, theme

MIME_TYPE = "application/x-netbuilder-block"
"""What a dragged block is: its id, in UTF-8."""

_ROW, _HEADING = 24, 32
_BLOCK_ROLE = Qt.ItemDataRole.UserRole
_FOLDED_ROLE = Qt.ItemDataRole.UserRole + 1
"""Whether a heading's blocks are hidden; None for a block."""
_COUNT_ROLE = Qt.ItemDataRole.UserRole + 2
"""How many blocks a heading has."""
_AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class OwnGroup:
    """A group of the project, or one in a file: the id by which it is dragged, its name, what it is."""

    id: str
    name: str
    help: str

    category: ClassVar[str] = GROUP_CATEGORY


_Offer = type[Block] | OwnGroup
_READY_MADE = "Ready-made groups"


class Palette(QWidget):
    """A search field over the blocks. `block_requested(id)` asks to add one behind what is selected and wire it."""

    block_requested = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(140)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search layers")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._refilter)
        self.search.installEventFilter(self)
        self.search.setAccessibleName("Search layers")

        self._model = _Blocks(self)
        self.list = _BlockList(self)
        self.list.setModel(self._model)
        self.list.installEventFilter(self)
        self.list.clicked.connect(self._toggle)
        self.list.doubleClicked.connect(self._request)

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
        self._refilter("")
        self.refresh_groups()

    def refresh_groups(self) -> None:
        """List the groups of the project, and those in files that are not among them."""
        groups = self._document.project.groups
        own = [OwnGroup(group_type(group), each.name, "A group of this project.") for group, each in groups.items()]
        kept, ready = group_library.offered(self._document.project)
        own += [OwnGroup(group_library.entry(path), path.stem, f"A group that you keep: {path}") for path in kept]
        help = group_library.READY_HELP
        self._model.show_groups(own, [OwnGroup(group_library.entry(path), path.stem, help) for path in ready])

    def _on_document_edited(self, edit: Edit) -> None:
        if any(isinstance(part, AddGroup | RemoveGroup | RenameGroup) for part in flatten(edit)):
            self.refresh_groups()

    def focus_search(self) -> None:
        """Put the keyboard into the search field, ready to type over."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def shown(self) -> list[str]:
        """Return the ids of the blocks that are listed now."""
        return [_id(row) for row in self._model.rows if not isinstance(row, str)]

    def index_of(self, block_id: str) -> QModelIndex:
        """Return the place in the list of a block that is shown."""
        names = ["" if isinstance(row, str) else _id(row) for row in self._model.rows]
        return self._model.index(names.index(block_id))

    def _refilter(self, query: str) -> None:
        self._model.show(query)
        self.list.setCurrentIndex(self._model.index(self._model.next_stop(-1, 1)) if query.strip() else QModelIndex())
        self.list.scrollToTop()

    def _request(self, index: _AnyIndex) -> None:
        block = index.data(_BLOCK_ROLE)
        if block is not None:
            self.block_requested.emit(_id(block))

    def _toggle(self, index: _AnyIndex) -> None:
        """Fold or unfold the category of a heading."""
        folded: bool | None = index.data(_FOLDED_ROLE)
        if folded is not None:
            self._model.fold(index.data(), folded=not folded)

    def _fold_current(self) -> None:
        """Fold the category of the current block; its heading is the current line then."""
        block = self.list.currentIndex().data(_BLOCK_ROLE)
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
        elif key == Qt.Key.Key_Right and not in_search and self.list.currentIndex().data(_FOLDED_ROLE):
            self._toggle(self.list.currentIndex())
        elif key == Qt.Key.Key_Left and not in_search:
            self._fold_current()
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


def _id(offer: _Offer) -> str:
    return offer.id if isinstance(offer, OwnGroup) else offer.__name__


def _name(offer: _Offer) -> str:
    return offer.name if isinstance(offer, OwnGroup) else offer.__name__


class _Blocks(QAbstractListModel):
    """Headings (texts) and the blocks of those that are not folded, or the blocks found alone, best first."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[str | _Offer] = []
        self._own: list[OwnGroup] = []
        self._ready: list[OwnGroup] = []
        self._query: str | None = None
        self._folded: set[str] = set()

    def show(self, query: str) -> None:
        query = query.strip()
        if query == self._query:
            return
        self._query = query
        self._reset()

    def show_groups(self, own: list[OwnGroup], ready: list[OwnGroup]) -> None:
        """Offer the person's groups before all layers, and ready-made ones after them."""
        if (own, ready) != (self._own, self._ready):
            self._own, self._ready = own, ready
            self._reset()

    def _sections(self) -> dict[str, Sequence[_Offer]]:
        own: dict[str, Sequence[_Offer]] = {GROUP_CATEGORY: self._own} if self._own else {}
        ready: dict[str, Sequence[_Offer]] = {_READY_MADE: self._ready} if self._ready else {}
        return own | dict(registry.by_category()) | ready

    def _reset(self) -> None:
        self.beginResetModel()
        if self._query:
            own, ready = (
                [each for each in groups if self._query.lower() in each.name.lower()]
                for groups in (self._own, self._ready)
            )
            found = [*own, *registry.search(self._query), *ready]
            self.rows = found or [f"No layer matches “{self._query}”."]
        else:
            self.rows = []
            for category, blocks in self._sections().items():
                self.rows += [category, *(() if category in self._folded else blocks)]
        self.endResetModel()

    def fold(self, category: str, *, folded: bool) -> None:
        """Hide or show the blocks of a category whose heading is shown."""
        blocks = self._sections()[category]
        heading = self.rows.index(category)
        first, last = heading + 1, heading + len(blocks)
        if folded:
            self._folded.add(category)
            self.beginRemoveRows(QModelIndex(), first, last)
            del self.rows[first : last + 1]
            self.endRemoveRows()
        else:
            self._folded.remove(category)
            self.beginInsertRows(QModelIndex(), first, last)
            self.rows[first:first] = blocks
            self.endInsertRows()
        self.dataChanged.emit(self.index(heading), self.index(heading))

    def next_stop(self, row: int, step: int) -> int:
        """Return the next row that is a block or a folded heading, or `row` where there is none."""
        at = row + step
        while 0 <= at < len(self.rows):
            if not isinstance(self.rows[at], str) or self.is_folded(self.rows[at]):
                return at
            at += step
        return row

    def is_folded(self, row: str | _Offer) -> bool | None:
        """Tell whether a heading is folded; None for what is no heading."""
        return None if self._query or not isinstance(row, str) else row in self._folded

    def rowCount(self, parent: _AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: _AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        row = self.rows[index.row()]
        if isinstance(row, str):
            selectable = Qt.ItemFlag.ItemIsSelectable if self.is_folded(row) else Qt.ItemFlag.NoItemFlags
            return Qt.ItemFlag.ItemIsEnabled | selectable if not self._query else Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def data(self, index: _AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        block = None if isinstance(row, str) else row
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _name(block) if block else row
            case Qt.ItemDataRole.ToolTipRole:
                return (block.help if isinstance(block, OwnGroup) else tooltip(block)) if block else None
            case Qt.ItemDataRole.UserRole:
                return block
            case _ if role == _FOLDED_ROLE:
                return self.is_folded(row)
            case _ if role == _COUNT_ROLE:
                return len(self._sections()[row]) if isinstance(row, str) and not self._query else None
            case _:
                return None

    def mimeTypes(self) -> list[str]:
        return [MIME_TYPE]

    def mimeData(self, indexes: list[QModelIndex]) -> QMimeData:  # pyright: ignore[reportIncompatibleMethodOverride]
        data = QMimeData()
        data.setData(MIME_TYPE, QByteArray(_id(indexes[0].data(_BLOCK_ROLE)).encode()))
        return data


class _BlockList(QListView):
    """The list. A drag carries the block's id, and under the pointer a picture of the block as it will stand there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setItemDelegate(_BlockDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDragEnabled(True)
        self.setMouseTracking(True)
        self.setAccessibleName("Layers")

    def startDrag(self, supportedActions: Qt.DropAction) -> None:  # noqa: N803
        index = self.currentIndex()
        block = index.data(_BLOCK_ROLE)
        if block is None:
            return
        drag = QDrag(self)
        drag.setMimeData(self.model().mimeData([index]))
        drag.setPixmap(ghost(block, self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(_GHOST.width() // 2, _GHOST.height() // 2))
        drag.exec(Qt.DropAction.CopyAction)


class _BlockDelegate(QStyledItemDelegate):
    """Draws a heading, or a block with the square of its category."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:
        return QSize(100, _ROW if index.data(_BLOCK_ROLE) else _HEADING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        look = theme()
        block: _Offer | None = index.data(_BLOCK_ROLE)
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        text: str = index.data()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        selected = bool(state & QStyle.StateFlag.State_Selected)
        over = bool(state & QStyle.StateFlag.State_MouseOver)
        if selected or (over and block):
            painter.setBrush(mix(look.panel, look.accent, 0.18) if selected else look.hover)
            painter.drawRoundedRect(rect.adjusted(8, 0 if block else _HEADING - _ROW, -8, 0), 6, 6)
        if block is None:
            painter.setFont(text_font(12, QFont.Weight.DemiBold))
            painter.setPen(look.text if over else look.muted)
            painter.drawText(rect.adjusted(12, 0, -8, -5), _BOTTOM, text)
            if (folded := index.data(_FOLDED_ROLE)) is not None:
                _paint_chevron(painter, QPointF(rect.right() - 19, rect.bottom() - 11), folded)
                painter.setFont(mono_font(11))
                painter.setPen(look.muted)
                painter.drawText(rect.adjusted(12, 0, -30, -5), _BOTTOM_RIGHT, str(index.data(_COUNT_ROLE)))
        else:
            painter.setBrush(look.category(block.category))
            painter.drawRoundedRect(rect.left() + 18, rect.center().y() - 4, 9, 9, 2.5, 2.5)
            painter.setFont(text_font())
            painter.setPen(look.text)
            room = rect.adjusted(36, 0, -12, 0)
            name = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, _MIDDLE, name)
        painter.restore()


def _paint_chevron(painter: QPainter, middle: QPointF, folded: bool) -> None:
    """Point down, or to the right where something is folded away. An icon would load its font before the first picture."""
    painter.setPen(QPen(theme().muted, 1.5))
    corners = [(-2.0, -4.0), (2.0, 0.0), (-2.0, 4.0)]
    painter.drawPolyline([middle + (QPointF(x, y) if folded else QPointF(y, x)) for x, y in corners])


_MIDDLE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_BOTTOM = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
_BOTTOM_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
_GHOST = QSize(168, 64)


def ghost(block: _Offer, ratio: float) -> QPixmap:
    """Return a see-through picture of a new block, `ratio` device pixels to the point."""
    pixmap = QPixmap(_GHOST * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    look, rect = theme(), QRect(QPoint(0, 0), _GHOST)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(0.85)
    painter.setPen(look.accent)
    painter.setBrush(look.raised)
    painter.drawRoundedRect(rect.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.category(block.category))
    painter.drawRoundedRect(rect.left() + 1, 1, 5, rect.height() - 2, 2.5, 2.5)
    painter.setPen(look.text)
    painter.setFont(text_font(13, QFont.Weight.DemiBold))
    painter.drawText(rect.adjusted(16, 10, -8, 0), _name(block))
    painter.setPen(look.muted)
    painter.setFont(mono_font(11))
    painter.drawText(rect.adjusted(16, 32, -8, 0), "" if isinstance(block, OwnGroup) else block().summary())
    painter.end()
    return pixmap
