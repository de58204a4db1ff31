"""The reference in the window: the page of a block, or all pages."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextDocument, QTextFrameFormat, QTextTable
from PySide6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from netbuilder.blocks.reference import page, reference
from netbuilder.blocks.spec import Block
from netbuilder.compiler.reference import group_page, ready_made_reference
from netbuilder.graph.project import Group
from netbuilder.ui import group_library
from netbuilder.ui.theme import text_font, theme

_PLAIN = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
"""A stranger's group may say anything: none of it is taken for HTML."""
_WIDTH, _HEIGHT = 760, 640
_MARGIN = 20


class Reference(QDialog):
    """What `netbuilder blocks --markdown` prints, of this block or group or, for None, of all."""

    def __init__(self, parent: QWidget, about: type[Block] | Group | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(
            about.name if isinstance(about, Group) else about.__name__ if about else "Blocks and groups"
        )
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QTextBrowser()
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.text.setOpenExternalLinks(False)
        self.text.document().setDocumentMargin(_MARGIN)
        self.text.document().setDefaultFont(text_font(13))
        self.text.document().setMarkdown(_markdown(about), _PLAIN)
        self._dress_tables()
        self._part_paragraphs()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)
        room = parent.window().size()
        width, most = min(_WIDTH, room.width() - 80), min(_HEIGHT, room.height() - 80)
        self.text.document().setTextWidth(width)
        self.resize(width, min(ceil(self.text.document().size().height()), most))

    def _dress_tables(self) -> None:
        """Give tables thin lines and cells room."""
        for frame in self.text.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                style = frame.format()
                style.setBorderBrush(theme().line)
                style.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                style.setBorder(1)
                style.setBorderCollapse(True)
                style.setCellPadding(6)
                style.setTopMargin(4)
                style.setBottomMargin(12)
                frame.setFormat(style)

    def _part_paragraphs(self) -> None:
        """Part paragraphs, and headings from what was before more than from what they head."""
        block = self.text.document().begin()
        while block.isValid():
            cursor = QTextCursor(block)
            if cursor.currentTable() is None:
                room = QTextBlockFormat()
                room.setBottomMargin(8)
                room.setTopMargin(16 if block.blockFormat().headingLevel() and block.blockNumber() else 0)
                cursor.mergeBlockFormat(room)
            block = block.next()
        self.text.moveCursor(QTextCursor.MoveOperation.Start)


def _markdown(about: type[Block] | Group | None) -> str:
    if isinstance(about, Group):
        return group_page(about)
    return page(about) if about else f"{reference()}\n{ready_made_reference(group_library.ready_made_groups())}"
