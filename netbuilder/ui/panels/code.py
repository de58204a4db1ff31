"""The code view: the network as plain PyTorch, kept up to date while one draws."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable
from itertools import takewhile

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QShowEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from netbuilder.ui.analysis import Analysis
from netbuilder.ui.panels.parts import words
from netbuilder.ui.theme import icon, mono_font, notifier, theme


class CodeView(QWidget):
    """The printed network, read only, with a button that copies it; while there is none, it says why."""

    def __init__(self, analysis: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._analysis = analysis
        self._source = ""
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        font = mono_font(13)
        font.setFeature(QFont.Tag("calt"), 0)  # code is shown letter by letter: `->` and `==` as they are typed
        self.text.setFont(font)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabStopDistance(self.text.fontMetrics().horizontalAdvance("    "))
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.document().setDocumentMargin(12)
        self.text.setAccessibleName("PyTorch code of the network")
        self._highlighter = PythonHighlighter(self.text.document())
        self._caption = words(role="muted")
        self.copy_button = QPushButton("Copy")
        self.copy_button.setIcon(icon("mdi6.content-copy"))
        self.copy_button.setToolTip("Copy the code to the clipboard.")
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._analysis.source))
        self._empty = words(role="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(12, 4, 12, 12)

        self._stack = QStackedWidget()
        self._stack.addWidget(self.text)
        self._stack.addWidget(self._empty)
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 8, 12, 6)
        bar.addWidget(self._caption)
        bar.addStretch(1)
        bar.addWidget(self.copy_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self._stack, 1)

        analysis.source_changed.connect(self._refresh)
        notifier().changed.connect(self._highlighter.recolour)
        self._refresh()

    def message(self) -> str:
        """Return why there is no code, empty while there is some."""
        return self._empty.text() if self._stack.currentWidget() is self._empty else ""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        if not self.isVisible():
            return  # printing is for who looks: a thousand layers are thousands of lines
        source = self._analysis.source
        self.copy_button.setEnabled(bool(source))
        self._stack.setCurrentWidget(self.text if source else self._empty)
        self._caption.setText("Plain PyTorch, without NetBuilder" if source else "No code yet")
        if not source:
            self._empty.setText(self._reason())
        elif source != self._source:
            self._replace(source)

    def _replace(self, source: str) -> None:
        """Change the lines that differ and no others, so that what one looks at stays, and little is coloured anew."""
        old, self._source = self._source, source
        start, end = _alike(old.split("\n"), source.split("\n"))
        end = min(end, len(old) - start, len(source) - start)
        down, across = self.text.verticalScrollBar(), self.text.horizontalScrollBar()
        place = down.value(), across.value()
        cursor = QTextCursor(self.text.document())
        cursor.setPosition(start)
        cursor.setPosition(len(old) - end, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(source[start : len(source) - end])
        down.setValue(place[0])
        across.setValue(place[1])

    def _reason(self) -> str:
        lowering = self._analysis.lowering
        if lowering is None:
            return "The network is being checked …"
        errors = lowering.errors()
        if not errors:
            return "The network is empty: add blocks to see its code."
        if [each.code for each in errors] == ["missing-loss"]:
            return (
                "This network has a data set to learn from: its code appears once there is a loss. "
                "Without data it needs none."
            )
        more = f" And {len(errors) - 1} more: see Problems." if len(errors) > 1 else ""
        return f"The code appears when the network fits together. {errors[0].message}{more}"


def _alike(old: list[str], new: list[str]) -> tuple[int, int]:
    """Return how many characters of whole lines two texts have in common at their beginnings and at their ends."""

    def common(pairs: Iterable[tuple[str, str]]) -> int:
        return sum(len(one) + 1 for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    return common(zip(old, new, strict=False)), common(zip(reversed(old), reversed(new), strict=False))


class PythonHighlighter(QSyntaxHighlighter):
    """Colours Python: words of the language, numbers, texts, comments and what is defined or called."""

    _TOKEN = re.compile(
        r"""(?P<comment>\#.*)
          | (?P<string>[rbf]{0,2}(?:\"\"\"|\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'))
          | (?P<number>\b[0-9][0-9_.]*(?:e[+-]?[0-9]+)?\b)
          | (?:\b(?:class|def)\s+)(?P<defined>\w+)
          | (?P<called>\b\w+(?=\())
          | (?P<word>\b[A-Za-z_]\w*\b)""",
        re.VERBOSE,
    )
    _QUOTES = '"""'

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self._read_theme()

    def recolour(self) -> None:
        """Take the colours of the theme of the moment."""
        self._read_theme()
        self.rehighlight()

    def _read_theme(self) -> None:
        look = theme()
        dark = look.is_dark
        colours = {
            "comment": look.muted,
            "string": look.good,
            "number": QColor("#f2b84b" if dark else "#a86b00"),
            "keyword": QColor("#c792ea" if dark else "#8a3fb8"),
            "defined": look.accent,
            "called": QColor("#82aaff" if dark else "#2a5db0"),
            "builtin": QColor("#37c2c9" if dark else "#0b7f86"),
        }
        self._formats = {name: _format(colour) for name, colour in colours.items()}
        self._formats["comment"].setFontItalic(True)
        self._formats["defined"].setFontWeight(QFont.Weight.DemiBold)

    def highlightBlock(self, text: str) -> None:
        start = 0
        if self.previousBlockState() == 1:  # inside a docstring
            end = text.find(self._QUOTES)
            start = len(text) if end < 0 else end + 3
            self.setFormat(0, start, self._formats["string"])
            if end < 0:
                self.setCurrentBlockState(1)
                return
        self.setCurrentBlockState(0)
        for match in self._TOKEN.finditer(text, start):
            kind = match.lastgroup or ""
            if kind == "string" and match[0].endswith(self._QUOTES):
                self._docstring(text, match.start())
                return
            self._colour(match, kind)

    def _docstring(self, text: str, start: int) -> None:
        end = text.find(self._QUOTES, text.find(self._QUOTES, start) + 3)
        self.setFormat(start, len(text) if end < 0 else end + 3 - start, self._formats["string"])
        self.setCurrentBlockState(1 if end < 0 else 0)

    def _colour(self, match: re.Match[str], kind: str) -> None:
        token = match[kind]
        if kind == "defined":
            self.setFormat(match.start(), match.start(kind) - match.start(), self._formats["keyword"])
        elif keyword.iskeyword(token):
            kind = "keyword"
        elif token == "self" or (kind == "word" and hasattr(builtins, token)):
            kind = "builtin"
        if kind in self._formats:
            self.setFormat(match.start(kind if kind in match.groupdict() else 0), len(token), self._formats[kind])


def _format(colour: QColor) -> QTextCharFormat:
    text = QTextCharFormat()
    text.setForeground(colour)
    return text
