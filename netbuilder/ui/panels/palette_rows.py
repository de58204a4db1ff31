"""The rows of the palette: headings, and under each the blocks and groups that are not folded away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QByteArray, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from netbuilder.blocks import registry
from netbuilder.blocks.spec import Block
from netbuilder.ui import offers
from netbuilder.ui.offers import BLOCK_MIME, IN_PROJECT, LIBRARY, READY_MADE, GroupRow
from netbuilder.ui.panels.help import tooltip

AnyIndex = QModelIndex | QPersistentModelIndex
BLOCK_ROLE = Qt.ItemDataRole.UserRole
FOLDED_ROLE = Qt.ItemDataRole.UserRole + 1
"""Whether a heading's blocks are hidden; None for a block."""
COUNT_ROLE = Qt.ItemDataRole.UserRole + 2
"""How many blocks a heading has."""
SECTION_ROLE = Qt.ItemDataRole.UserRole + 3
"""Where a group that was found is listed, in a word: several may have one name."""


Row = type[Block] | GroupRow


def id_of(row: Row) -> str:
    """Return by what a row is dragged and asked for."""
    return row.id if isinstance(row, GroupRow) else row.__name__


def name_of(row: Row) -> str:
    """Return what a row is called."""
    return row.name if isinstance(row, GroupRow) else row.__name__


class PaletteRows(QAbstractListModel):
    """Headings (texts) with the blocks and groups of those that are not folded, or what was found alone, best first."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[str | Row] = []
        self.folded: set[str] = set()
        """The categories whose blocks are hidden."""
        self._sections: Mapping[str, Sequence[Row]] = {}
        self._groups: list[GroupRow] = []
        self._query = ""

    def show(self, query: str) -> None:
        """Show what matches alone; all of it, under headings, for an empty query."""
        query = query.strip()
        if query == self._query:
            return
        self._query = query
        self._reset()

    def show_groups(self, groups: list[GroupRow]) -> None:
        """Offer the person's groups before all layers, and ready-made ones after them."""
        if groups != self._groups or not self.rows:
            self._groups = groups
            own, kept, ready = _by_section(groups)
            sections = {IN_PROJECT: own, LIBRARY: kept, **registry.by_category(), READY_MADE: ready}
            self._sections = {heading: rows for heading, rows in sections.items() if rows}
            self._reset()

    def _reset(self) -> None:
        self.beginResetModel()
        if self._query:
            own, kept, ready = _by_section(each for each in self._groups if self._query.lower() in each.name.lower())
            found = [*own, *kept, *registry.search(self._query), *ready]
            self.rows = found or [f"No layer matches “{self._query}”."]
        else:
            self.rows = []
            for category, blocks in self._sections.items():
                self.rows += [category, *(() if category in self.folded else blocks)]
        self.endResetModel()

    def fold(self, category: str, *, folded: bool) -> None:
        """Hide or show the blocks of a category whose heading is shown."""
        blocks = self._sections[category]
        heading = self.rows.index(category)
        first, last = heading + 1, heading + len(blocks)
        if folded:
            self.folded.add(category)
            self.beginRemoveRows(QModelIndex(), first, last)
            del self.rows[first : last + 1]
            self.endRemoveRows()
        else:
            self.folded.remove(category)
            self.beginInsertRows(QModelIndex(), first, last)
            self.rows[first:first] = blocks
            self.endInsertRows()
        self.dataChanged.emit(self.index(heading), self.index(heading))

    def fold_just(self, categories: Collection[str]) -> None:
        """Hide the blocks of these categories, and show all others."""
        self.folded = set(categories)
        self._reset()

    def next_stop(self, row: int, step: int) -> int:
        """Return the next row that is a block or a folded heading, or `row` where there is none."""
        at = row + step
        while 0 <= at < len(self.rows):
            if not isinstance(self.rows[at], str) or self.is_folded(self.rows[at]):
                return at
            at += step
        return row

    def is_folded(self, row: str | Row) -> bool | None:
        """Tell whether a heading is folded; None for what is no heading."""
        return None if self._query or not isinstance(row, str) else row in self.folded

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        row = self.rows[index.row()]
        if isinstance(row, str):
            selectable = Qt.ItemFlag.ItemIsSelectable if self.is_folded(row) else Qt.ItemFlag.NoItemFlags
            return Qt.ItemFlag.ItemIsEnabled | selectable if not self._query else Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        block = None if isinstance(row, str) else row
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return name_of(block) if block else row
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(row)
            case Qt.ItemDataRole.UserRole:
                return block
            case _ if role == FOLDED_ROLE:
                return self.is_folded(row)
            case _ if role == SECTION_ROLE:
                return _SHORT[block.section] if self._query and isinstance(block, GroupRow) else None
            case _ if role == COUNT_ROLE:
                return len(self._sections[row]) if isinstance(row, str) and not self._query else None
            case _:
                return None

    def _tip(self, row: str | Row) -> str | None:
        """Return what is said of a row: what it teaches, or the whole of a heading, which may be cut short."""
        if isinstance(row, str):
            return None if self._query else row
        return offers.tooltip(row) if isinstance(row, GroupRow) else tooltip(row)

    def mimeTypes(self) -> list[str]:
        return [BLOCK_MIME]

    def mimeData(self, indexes: list[QModelIndex]) -> QMimeData:  # pyright: ignore[reportIncompatibleMethodOverride]
        data = QMimeData()
        data.setData(BLOCK_MIME, QByteArray(id_of(indexes[0].data(BLOCK_ROLE)).encode()))
        return data


_SHORT = {IN_PROJECT: "project", LIBRARY: "library", READY_MADE: "ready-made"}
"""What is said of a section beside a group that was found."""


def _by_section(groups: Iterable[GroupRow]) -> tuple[list[GroupRow], ...]:
    """Return the groups of the project, those that are kept, and the ready-made ones."""
    listed = list(groups)
    return tuple([each for each in listed if each.section == section] for section in (IN_PROJECT, LIBRARY, READY_MADE))
