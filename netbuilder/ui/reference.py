"""The reference in the window: the page of a block, or all pages, with a field to search them."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QKeyEvent,
    QKeySequence,
    QShortcut,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import QAbstractSlider, QDialog, QHBoxLayout, QLineEdit, QTextBrowser, QVBoxLayout, QWidget

from netbuilder.blocks.reference import page, reference
from netbuilder.blocks.spec import Block
from netbuilder.compiler.reference import group_page, ready_made_reference
from netbuilder.graph.project import Group
from netbuilder.ui import group_library
from netbuilder.ui.panels.parts import say, words
from netbuilder.ui.theme import text_font, theme

_PLAIN = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
"""A stranger's group may say anything: none of it is taken for HTML."""
_WIDTH, _HEIGHT = 760, 640
_MARGIN = 20
_FORWARD = QTextDocument.FindFlag(0)
_SCROLLING = {
    Qt.Key.Key_Up: QAbstractSlider.SliderAction.SliderSingleStepSub,
    Qt.Key.Key_Down: QAbstractSlider.SliderAction.SliderSingleStepAdd,
    Qt.Key.Key_PageUp: QAbstractSlider.SliderAction.SliderPageStepSub,
    Qt.Key.Key_PageDown: QAbstractSlider.SliderAction.SliderPageStepAdd,
}


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
        column.setSpacing(0)
        self.search = Search(self.text) if about is None else None
        if self.search:
            column.addWidget(self.search)
        column.addWidget(self.text)
        room = parent.window().size()
        width, most = min(_WIDTH, room.width() - 80), min(_HEIGHT, room.height() - 80)
        self.text.document().setTextWidth(width)
        self.resize(width, min(ceil(self.text.document().size().height()), most))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll the text by the keys that mean nothing to the search field."""
        if action := _SCROLLING.get(Qt.Key(event.key())):
            self.text.verticalScrollBar().triggerAction(action)
        else:
            super().keyPressEvent(event)

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


class Search(QWidget):
    """A field that finds in a text what is typed: forward with Enter or F3, with Shift backward, round its ends."""

    def __init__(self, text: QTextBrowser) -> None:
        super().__init__()
        self._text = text
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search the reference")
        self.field.setAccessibleName("Search the reference")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._on_text_changed)
        self.verdict = words(role="muted")
        self.verdict.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(_MARGIN, 12, _MARGIN, 8)
        row.setSpacing(12)
        row.addWidget(self.field, 1)
        row.addWidget(self.verdict)
        self.setFocusProxy(self.field)
        for keys, answer in (
            ("Return, Enter, F3", self.find_next),
            ("Shift+Return, Shift+Enter, Shift+F3", self.find_previous),
            ("Ctrl+F", self._take_keyboard),
        ):
            shortcut = QShortcut(self)
            shortcut.setKeys(QKeySequence.listFromString(keys.replace(", ", "; ")))
            shortcut.activated.connect(answer)

    def find_next(self) -> None:
        """Go to the next place, and from the last to the first."""
        self._show(self._found(self._text.textCursor()) or self._found(self._start()))

    def find_previous(self) -> None:
        """Go to the place before, and from the first to the last."""
        backward = QTextDocument.FindFlag.FindBackward
        end = self._start()
        end.movePosition(QTextCursor.MoveOperation.End)
        self._show(self._found(self._text.textCursor(), backward) or self._found(end, backward))

    def _on_text_changed(self) -> None:
        """Find what is typed so far: first where a part of it was found."""
        here = self._text.textCursor()
        here.setPosition(here.selectionStart())
        self._text.setTextCursor(here)
        self.find_next()

    def _found(self, begin: QTextCursor, flags: QTextDocument.FindFlag = _FORWARD) -> QTextCursor | None:
        found = self._text.document().find(self.field.text(), begin, flags)
        return None if found.isNull() else found

    def _start(self) -> QTextCursor:
        return QTextCursor(self._text.document())

    def _show(self, found: QTextCursor | None) -> None:
        """Select a place; one that was out of view comes into its upper third, with what follows it."""
        say(self.verdict, "" if found or not self.field.text() else "Nothing found")
        if found is None:
            return
        bar = self._text.verticalScrollBar()
        before = bar.value()
        self._text.setTextCursor(found)
        if bar.value() != before:
            bar.setValue(bar.value() + self._text.cursorRect().top() - self._text.viewport().height() // 3)

    def _take_keyboard(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()


def _markdown(about: type[Block] | Group | None) -> str:
    if isinstance(about, Group):
        return group_page(about)
    return page(about) if about else f"{reference()}\n{ready_made_reference(group_library.ready_made_groups())}"
