"""The search box that opens over the window: for blocks on the canvas, and for commands as the command palette.

An overlay of the window rather than a window of its own: it needs no window manager, is never placed off the screen,
and is in every screenshot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGraphicsDropShadowEffect,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from netbuilder.blocks.matching import match
from netbuilder.ui.theme import text_font, theme

_WIDTH = 460
_ROW = 32
_ROWS_SHOWN = 9
_PADDING = 8
_ENTRY_ROLE = Qt.ItemDataRole.UserRole

_AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to find: found by its title and keywords, chosen as `value`.

    `hint` stands at the right, such as a shortcut. A disabled entry is shown, and can't be chosen. `handicap` is by how
    many ranks of `match` it stands back behind what is asked for more often.
    """

    title: str
    subtitle: str = ""
    colour: QColor | None = None
    value: object = None
    keywords: tuple[str, ...] = ()
    hint: str = ""
    enabled: bool = True
    handicap: int = 0


def find(query: str, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that match by title, keyword or hint, best first."""
    if not query.strip():
        return list(entries)
    scored = [
        ((score[0] + entry.handicap, score[1]), entry)
        for entry in entries
        if (score := match(query, entry.title, entry.keywords, entry.hint)) is not None
    ]
    return [entry for _, entry in sorted(scored, key=lambda item: item[0])]


def matched_letters(query: str, title: str) -> list[int]:
    """Return the places in `title` of the letters of `query`, in order,
    or an empty list where they aren't all there.
    """
    wanted, lowered = "".join(query.lower().split()), title.lower()
    at = lowered.find(wanted)
    if at >= 0:
        return list(range(at, at + len(wanted)))
    places: list[int] = []
    for letter in wanted:
        at = lowered.find(letter, places[-1] + 1 if places else 0)
        if at < 0:
            return []
        places.append(at)
    return places


class SearchPopup(QFrame):
    """A search field over a list. Arrow keys move, Enter or a click chooses, Esc or a click elsewhere closes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent.window())
        self.setObjectName("searchPopup")
        self._parent = parent
        self._opened_from = parent
        self._entries: Sequence[Entry] = ()
        self._on_chosen: Callable[[Entry], None] = lambda entry: None

        self.field = QLineEdit(self)
        self.field.setObjectName("searchField")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._refilter)
        self.field.installEventFilter(self)

        self._model = _Entries(self)
        self.list = QListView(self)
        self.list.setObjectName("searchResults")
        self.list.setModel(self._model)
        self._delegate = EntryDelegate(self.list)
        self.list.setItemDelegate(self._delegate)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.list.setStyleSheet("background: transparent;")
        self.list.setMouseTracking(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.entered.connect(self.list.setCurrentIndex)
        self.list.clicked.connect(lambda index: self._choose(index))

        column = QVBoxLayout(self)
        column.setContentsMargins(_PADDING, _PADDING, _PADDING, _PADDING)
        column.setSpacing(_PADDING)
        column.addWidget(self.field)
        column.addWidget(self.list)

        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(28)
        shadow.setOffset(0, 8)
        shadow.setColor(QColor(0, 0, 0, 90))
        self.setGraphicsEffect(shadow)
        self.hide()

    def open_at(
        self,
        global_pos: QPoint,
        entries: Sequence[Entry],
        on_chosen: Callable[[Entry], None],
        *,
        placeholder: str = "Search layers",
    ) -> None:
        """Open with the field's left edge at the pointer, kept inside the window, and the keyboard in the field."""
        focused = QApplication.focusWidget()
        if focused is None or not self.isAncestorOf(focused):
            self._opened_from = focused or self._parent
        self._entries = entries
        self._on_chosen = on_chosen
        self.field.setPlaceholderText(placeholder)
        self.field.clear()
        self._refilter()
        self._place(self.window().mapFromGlobal(global_pos))
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_popup(self) -> None:
        """Close without choosing; the keyboard goes back to where the popup was opened from."""
        if not self.isVisible():
            return
        focused = QApplication.focusWidget()
        had_focus = focused is not None and self.isAncestorOf(focused)
        self.hide()
        if had_focus:
            self._opened_from.setFocus(Qt.FocusReason.PopupFocusReason)

    def shown_titles(self) -> list[str]:
        """Return the titles of the entries that match now, best first."""
        return [entry.title for entry in self._model.entries]

    def _place(self, wanted: QPoint) -> None:
        room = self.window().rect().adjusted(8, 8, -8, -8)
        size = QSize(min(_WIDTH, room.width()), min(self._height(), room.height()))
        left = max(room.left(), min(wanted.x() - 24, room.right() + 1 - size.width()))
        top = max(room.top(), min(wanted.y() - 24, room.bottom() + 1 - size.height()))
        self.setGeometry(QRect(QPoint(left, top), size))

    def _height(self) -> int:
        rows = min(max(len(self._model.entries), 1), _ROWS_SHOWN)
        return 3 * _PADDING + self.field.sizeHint().height() + rows * _ROW

    def _refilter(self) -> None:
        query = self.field.text()
        self._delegate.query = query
        self._model.set_entries(find(query, self._entries))
        self.list.setCurrentIndex(self._model.index(self._model.next_enabled(-1, 1)))
        self.list.scrollToTop()
        self.resize(self.width(), min(self._height(), self.window().height() - 8 - self.y()))

    def _move(self, by: int) -> None:
        row = self.list.currentIndex().row()
        for _ in range(abs(by)):
            row = self._model.next_enabled(row, 1 if by > 0 else -1)
        self.list.setCurrentIndex(self._model.index(row))

    def _choose(self, index: _AnyIndex) -> None:
        entry = index.data(_ENTRY_ROLE)
        if entry is None or not entry.enabled:
            return
        self.close_popup()
        self._on_chosen(entry)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        _application().installEventFilter(self)

    def hideEvent(self, event: QHideEvent) -> None:
        # Also when the window goes: a filter must not be asked while it is taken apart.
        _application().removeEventFilter(self)
        super().hideEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self.field and isinstance(event, QKeyEvent):
            if kind == QEvent.Type.ShortcutOverride:
                event.accept()  # no key typed here is a shortcut of the window below
                return True
            return kind == QEvent.Type.KeyPress and self._on_key(event)
        if kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent) and isinstance(watched, QWidget):
            if watched is not self and not self.isAncestorOf(watched):
                self.close_popup()
        elif watched is self.window() and kind in (QEvent.Type.Resize, QEvent.Type.WindowDeactivate):
            self.close_popup()
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        moves = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: _ROWS_SHOWN - 1,
            Qt.Key.Key_PageUp: 1 - _ROWS_SHOWN,
        }
        key = event.key()
        if key in moves:
            self._move(moves[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self._choose(self.list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.close_popup()
        else:
            return False
        return True

    def focusNextPrevChild(self, next: bool) -> bool:
        return True  # the keyboard stays in the field while the popup is open

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme().line)
        painter.setBrush(theme().raised)
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 10, 10)
        if not self._model.entries:
            painter.setPen(theme().muted)
            painter.setFont(text_font())
            text = f"Nothing matches “{self.field.text().strip()}”."
            painter.drawText(self.list.geometry().adjusted(8, 0, -8, 0), Qt.AlignmentFlag.AlignTop, text)


def _application() -> QCoreApplication:
    app = QApplication.instance()
    assert app is not None
    return app


class _Entries(QAbstractListModel):
    """The entries that match, as Qt wants them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def set_entries(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def next_enabled(self, row: int, step: int) -> int:
        """Return the next row that can be chosen, going round at the ends; `row` where there is no other."""
        count = len(self.entries)
        for distance in range(1, count + 1):
            at = (max(row, -1 if step > 0 else 0) + distance * step) % count
            if self.entries[at].enabled:
                return at
        return row

    def rowCount(self, parent: _AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: _AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entries[index.row()]
        match role:
            case Qt.ItemDataRole.UserRole:
                return entry
            case Qt.ItemDataRole.DisplayRole:
                return entry.title
            case Qt.ItemDataRole.AccessibleDescriptionRole | Qt.ItemDataRole.ToolTipRole:
                return entry.subtitle
            case _:
                return None


class EntryDelegate(QStyledItemDelegate):
    """Draws an entry: its coloured square, the title with the matched letters in accent, the subtitle after it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.query = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:
        return QSize(120, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        entry: Entry = index.data(_ENTRY_ROLE)
        colours = theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        if option.state & QStyle.StateFlag.State_Selected and entry.enabled:  # pyright: ignore[reportAttributeAccessIssue]
            tint = QColor(colours.accent)
            tint.setAlphaF(0.16)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint)
            painter.drawRoundedRect(rect, 6, 6)
        left, right = rect.left() + 10, rect.right() - 10
        if entry.colour is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(entry.colour)
            painter.drawRoundedRect(left, rect.center().y() - 4, 9, 9, 2.5, 2.5)
            left += 20
        title = colours.text if entry.enabled else colours.muted
        left = self._draw_title(painter, QRect(left, rect.top(), right - left, rect.height()), entry.title, title)
        painter.setFont(text_font(12))
        painter.setPen(colours.muted)
        metrics = QFontMetrics(painter.font())
        if entry.hint:
            painter.drawText(rect.adjusted(0, 0, -10, 0), _RIGHT, entry.hint)
            right -= metrics.horizontalAdvance(entry.hint) + 16
        room = QRect(left + 10, rect.top(), right - left - 10, rect.height())
        painter.drawText(room, _LEFT, metrics.elidedText(entry.subtitle, Qt.TextElideMode.ElideRight, room.width()))
        painter.restore()

    def _draw_title(self, painter: QPainter, room: QRect, title: str, colour: QColor) -> int:
        """Draw the title letter run by letter run and return where it ends."""
        painter.setFont(text_font(13))
        metrics = QFontMetrics(painter.font())
        matched = set(matched_letters(self.query, title)) if self.query.strip() else set[int]()
        place = room.left()
        for at, letter in enumerate(title):
            painter.setPen(theme().accent if at in matched else colour)
            painter.drawText(QRect(place, room.top(), room.right() - place, room.height()), _LEFT, letter)
            place = room.left() + metrics.horizontalAdvance(title[: at + 1])
        return place


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
